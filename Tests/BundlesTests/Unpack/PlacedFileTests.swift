import Testing

@testable import Bundles
@testable import Formats
@testable import Manifests
@testable import Storage

@Suite struct PlacedFileTests {
    /// Lends for every byte the low one of its place.
    private struct Places: StoredRanges {
        func read(
            _ path: RelativePath, _ range: Range<Int>, into buffer: inout Buffer,
            _ block: (Span<UInt8>) throws -> Void
        ) throws {
            let bytes = range.map { UInt8(truncatingIfNeeded: $0) }
            try block(bytes.span)
        }
    }

    private func read(_ file: PlacedFile, _ range: Range<Int>) throws -> [UInt8] {
        var buffer = Buffer(count: 16)
        var bytes: [UInt8] = []
        try file.read(range, into: &buffer) { block in
            for index in block.indices { bytes.append(block[index]) }
        }
        return bytes
    }

    private func file(_ segments: [(offset: Int, length: Int)]) -> PlacedFile {
        var pieces: [(place: any StoredRanges, segment: Segment)] = []
        for (offset, length) in segments {
            pieces.append((Places(), Segment(base: nil, at: "x", offset: offset, length: length)))
        }
        return PlacedFile("a/b", pieces)
    }

    @Test func piecesAreReadInTheirOrderFromAnyPlaceOn() throws {
        let file = file([(offset: 10, length: 3), (offset: 100, length: 1), (offset: 50, length: 4)])
        #expect(file.size == 8)
        let whole: [UInt8] = [10, 11, 12, 100, 50, 51, 52, 53]
        for start in 0...8 {
            for end in start...8 { #expect(try read(file, start..<end) == Array(whole[start..<end])) }
        }
        #expect(throws: ReadFailure.self) { try read(file, 7..<9) }
    }

    @Test func placesFarBehindInAFileAndInAStoredFileAreNoOverflow() throws {
        let file = file([(offset: 0, length: 1 << 62), (offset: 1 << 62, length: 1 << 61)])
        #expect(try read(file, (1 << 62) + 1..<(1 << 62) + 3) == [1, 2])
    }
}
