import Formats
import Storage
import TestSupport
import Testing

@testable import Xet

@Suite("Answers of a server that means harm")
struct HostileAnswerTests {
    /// A term of one chunk in a xorb of its own, and the part that has it.
    private struct Piece {
        var size = 1
        var chunks = 0..<1
        var partChunks = 0..<1
        var bytes = 0...8
    }

    private func answer(_ pieces: [Piece], skipped: Int = 0) -> [UInt8] {
        let names = pieces.indices.map { XetHash(words: [UInt64($0), 0, 0, 1]).text }
        let terms = zip(names, pieces).map { name, piece in
            #"{"hash":"\#(name)","unpacked_length":\#(piece.size),"range":"#
                + #"{"start":\#(piece.chunks.lowerBound),"end":\#(piece.chunks.upperBound)}}"#
        }
        let xorbs = zip(names, pieces).map { name, piece in
            #""\#(name)":[{"url":"https://a/","ranges":[{"chunks":{"start":\#(piece.partChunks.lowerBound),"#
                + #""end":\#(piece.partChunks.upperBound)},"bytes":{"start":\#(piece.bytes.lowerBound),"#
                + #""end":\#(piece.bytes.upperBound)}}]}]"#
        }
        return Array(
            """
            {"offset_into_first_range":\(skipped),"terms":[\(terms.joined(separator: ","))],\
            "xorbs":{\(xorbs.joined(separator: ","))}}
            """.utf8)
    }

    @Test("a xorb has no more chunks than the protocol allows")
    func chunks() throws {
        let last = Piece(chunks: 8191..<8192, partChunks: 8191..<8192)
        _ = try Reconstruction(answer([last]), .two)
        let behind = Piece(chunks: 8192..<8193, partChunks: 8192..<8193)
        #expect(throws: FormatError.self) { try Reconstruction(answer([behind]), .two) }
        let many = Piece(partChunks: 0..<8193, bytes: 0...100_000)
        #expect(throws: FormatError.self) { try Reconstruction(answer([many]), .two) }
    }

    @Test("a few bytes of a file do not cost many whole xorbs")
    func traffic() throws {
        let whole = Piece(bytes: 0...(64 << 20) - 1)
        let four = try Reconstruction(answer(Array(repeating: whole, count: 4)), .two)
        #expect(try four.plan(for: 0..<4).count == 4)
        let five = try Reconstruction(answer(Array(repeating: whole, count: 5)), .two)
        #expect(throws: FormatError.self) { try five.plan(for: 0..<5) }
    }

    @Test("terms that do not begin where the range does, or begin before the file, are refused")
    func places() throws {
        let terms = [Piece(size: 100), Piece(size: 100)]
        let answer = try Reconstruction(answer(terms, skipped: 50), .two)
        #expect(try answer.plan(for: 50..<200).map { $0.given } == [[50..<100], [100..<200]])
        for wanted in [0..<10, 49..<100, 51..<202, 10..<60, 0..<Int.max, Int.max - 1..<Int.max] {
            #expect(throws: FormatError.self, "\(wanted)") { try answer.plan(for: wanted) }
        }
    }

    @Test("chunks that nobody wants are not decompressed, and hold no memory")
    func unwanted() throws {
        // The header promises 128 KiB; what follows is no frame of LZ4.
        let bomb: [UInt8] = [0, 4, 0, 0, 1, 0, 0, 2, 9, 9, 9, 9]
        let plain: [UInt8] = [0, 1, 0, 0, 0, 1, 0, 0, 7]
        let hash = XetHash(words: [0, 0, 0, 1])
        let part = Reconstruction.Part(xorb: hash, chunks: 0..<3, bytes: 0..<33, url: "")
        let bytes = bomb + bomb + plain
        // The first chunk is in no term, the second is before the range.
        let size = (128 << 10) + 1
        let use = PartPlan.Use(chunks: 1..<3, offset: 0, size: size)
        var reader = PartReader(PartPlan(part: part, uses: [use], wanted: size - 1..<size))
        reader.append(bytes.span)
        #expect(try reader.next() == [])
        #expect(try reader.next() == [])
        #expect(try reader.next() == [PartReader.Piece(offset: size - 1, bytes: [7])])
        #expect(try reader.next() == nil)
        try reader.finish()
        // Where one byte of it is wanted, it has to be what its header states.
        var other = PartReader(PartPlan(part: part, uses: [use], wanted: size - 2..<size))
        other.append(bytes.span)
        _ = try other.next()
        #expect(throws: FormatError.self) { try other.next() }
    }
}
