import Formats
import TestSupport
import Testing

@testable import Xet

@Suite("Frames of LZ4")
struct LZ4Tests {
    /// A frame with blocks, whose header has the right checksum.
    private func frame(_ blocks: [UInt8], flags: UInt8 = 0b0110_0000, sizes: UInt8 = 0x40, more: [UInt8] = [])
        -> [UInt8]
    {
        let descriptor = [flags, sizes] + more
        let sum = UInt8(truncatingIfNeeded: XXHash32.of(descriptor.span) >> 8)
        return number(0x184D_2204, 4) + descriptor + [sum] + blocks
    }

    private func block(_ bytes: [UInt8], isStored: Bool = false) -> [UInt8] {
        number(UInt64(bytes.count) | (isStored ? 1 << 31 : 0), 4) + bytes
    }

    private let end = zeros(4)
    /// Five literals, then six bytes from three back, then five more literals.
    private let sequences: [UInt8] = [0x52, 1, 2, 3, 4, 5, 3, 0, 0x50, 6, 7, 8, 9, 10]
    private let content: [UInt8] = [1, 2, 3, 4, 5, 3, 4, 5, 3, 4, 5, 6, 7, 8, 9, 10]

    @Test("matches that overlap themselves, stored blocks, checksums and sizes are read")
    func read() throws {
        #expect(try LZ4Frame.content(frame(block(sequences) + end), size: 16) == content)
        #expect(try LZ4Frame.content(frame(block(content, isStored: true) + end), size: 16) == content)
        let sum = number(UInt64(XXHash32.of(content.span)), 4)
        #expect(
            try LZ4Frame.content(frame(block(sequences) + end + sum, flags: 0b0110_0100), size: 16) == content
        )
        let blockSum = number(UInt64(XXHash32.of(sequences.span)), 4)
        #expect(
            try LZ4Frame.content(frame(block(sequences) + blockSum + end, flags: 0b0111_0000), size: 16)
                == content)
        #expect(
            try LZ4Frame.content(
                frame(block(sequences) + end, flags: 0b0110_1000, more: number(16, 8)), size: 16)
                == content)
        #expect(try LZ4Frame.content(frame(end), size: 0) == [])
    }

    @Test("a block takes what is in front of it only where blocks depend on each other")
    func linked() throws {
        let second: [UInt8] = [0x00, 4, 0, 0x50, 6, 7, 8, 9, 10]
        let blocks = block([1, 2, 3, 4], isStored: true) + block(second) + end
        #expect(
            try LZ4Frame.content(frame(blocks, flags: 0b0100_0000), size: 13)
                == [1, 2, 3, 4, 1, 2, 3, 4, 6, 7, 8, 9, 10])
        #expect(throws: FormatError.self) { try LZ4Frame.content(frame(blocks), size: 13) }
    }

    @Test("frames that break the format are refused, and none ends the process")
    func refused() {
        let whole = frame(block(sequences) + end)
        let broken: [(String, [UInt8], Int)] = [
            ("another magic number", number(0x184D_2205, 4) + whole.dropFirst(4), 16),
            ("a legacy frame", number(0x184C_2102, 4) + whole.dropFirst(4), 16),
            ("another version", frame(block(sequences) + end, flags: 0b1010_0000), 16),
            ("a dictionary", frame(block(sequences) + end, flags: 0b0110_0001, more: zeros(4)), 16),
            ("a reserved flag", frame(block(sequences) + end, flags: 0b0110_0010), 16),
            ("a block size", frame(block(sequences) + end, sizes: 0x30), 16),
            (
                "another size of the content",
                frame(block(sequences) + end, flags: 0b0110_1000, more: number(17, 8)), 16
            ),
            ("too little", whole, 17), ("too much", whole, 15), ("no end", frame(block(sequences)), 16),
            ("bytes behind the end", whole + [0], 16),
            ("a block that is too large", frame(number(1 << 20, 4) + end), 16),
            ("a distance of zero", frame(block([0x12, 1, 0, 0, 0x10, 1]) + end), 8),
            ("a distance before the start", frame(block([0x12, 1, 2, 0, 0x10, 1]) + end), 8),
            ("a match without literals behind", frame(block([0x12, 1, 1, 0]) + end), 7),
            ("a length without end", frame(block([0xF0] + [UInt8](repeating: 255, count: 9)) + end), 16),
            ("half a distance", frame(block([0x12, 1, 1]) + end), 7),
            ("literals that are not there", frame(block([0x50, 1, 2]) + end), 5),
            ("an empty block", frame(number(1 << 31, 4) + block([]) + end), 1),
        ]
        for (name, bytes, size) in broken {
            #expect(throws: FormatError.self, "\(name)") { try LZ4Frame.content(bytes, size: size) }
        }
        for length in 0..<whole.count {
            #expect(throws: FormatError.self, "\(length) bytes") {
                try LZ4Frame.content(Array(whole.prefix(length)), size: 16)
            }
        }
    }

    @Test("a bit of a frame that is flipped is found, or changes no byte")
    func flipped() throws {
        let sum = number(UInt64(XXHash32.of(content.span)), 4)
        let whole = frame(block(sequences) + end + sum, flags: 0b0110_0100)
        var harmless = 0
        for bit in 0..<8 * whole.count {
            var bytes = whole
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let read = try? LZ4Frame.content(bytes, size: 16) else { continue }
            #expect(read == content, "bit \(bit)")
            harmless += 1
        }
        // The length of the match in the last sequence, which has none.
        #expect(harmless == 4)
    }

    @Test("xxHash gives the reference values")
    func checksums() {
        // Of the specification's own implementation, version 0.8.
        #expect(XXHash32.of([UInt8]().span) == 0x02CC_5D05)
        #expect(XXHash32.of(Array("a".utf8).span) == 0x550D_7456)
        #expect(XXHash32.of(Array("abc".utf8).span) == 0x32D1_53FF)
        #expect(XXHash32.of(Array("Nobody inspects the spammish repetition".utf8).span) == 0xE229_3B2F)
    }
}
