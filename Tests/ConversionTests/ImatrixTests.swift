import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

@Suite struct ImatrixTests {
    @Test(arguments: ["llama-gqa-syn", "mixtral-syn"]) func bothFormatsHaveTheSameValues(name: String) throws
    {
        let (gguf, legacy) = (fixture("imatrix/\(name).gguf"), fixture("imatrix/\(name).dat"))
        let (left, right) = (try imatrix(gguf), try imatrix(legacy))
        #expect(left.entries.count == (name.hasPrefix("llama") ? 56 : 16))
        #expect(left.entries.keys.sorted() == right.entries.keys.sorted())
        #expect(left.datasets == ["synthetic.txt"])
        #expect(right.datasets == ["synthetic.txt"])
        #expect(left.chunkCount == 10)
        #expect(right.chunkCount == 10)
        for key in left.entries.keys.map(\.text) { #expect(try values(key, gguf) == values(key, legacy)) }
        try left.check { Array(gguf[$0]) }
        try right.check { Array(legacy[$0]) }
    }

    @Test func namesThatOnlyLookAlikeAreTwoTensors() throws {
        let bytes = legacyImatrix([("blk.K", 1, [9]), ("blk.\u{212A}", 1, [5, 6])])
        let matrix = try imatrix(bytes)
        #expect(matrix.entries.count == 2)
        #expect(try values("blk.K", bytes) == [9])
        #expect(try values("blk.\u{212A}", bytes) == [5, 6])
    }

    @Test func sumsAreDividedByTheRoundedCountOfTheirExpert() throws {
        let bytes = gguf { file in
            file.tensor("a.weight.in_sum2", [2, 4], [1, 2, 3, 4, 5, 6, 7, .nan])
            file.tensor("a.weight.counts", [1, 4], [2, 2.5, 0.25, -3])
        }
        #expect(try values("a.weight", bytes) == [0.5, 1, 1, 4 / 3, 1, 1, 1, 1])
        let matrix = try imatrix(bytes)
        #expect(matrix.chunkCount == 7)
        #expect(matrix.datasets == ["one", "two"])
    }

    @Test func theOlderFormatDividesByCallsAndKeepsTheLastOfOneName() throws {
        let bytes = legacyImatrix([("a", 3, [9, 12]), ("b", 0, [5]), ("b", -1, [6, 7]), ("c\0d", 1, [8])])
        #expect(try values("a", bytes) == [3, 4])
        #expect(try values("b", bytes) == [6, 7])
        #expect(try values("c", bytes) == [8])
        let matrix = try imatrix(bytes)
        #expect(matrix.chunkCount == 0)
        #expect(matrix.datasets == [])
    }

    @Test(
        arguments: [
            (nil, nil, 0, []), (5, nil, 5, []), (-5, nil, 0, []), (5, "", 5, []), (5, "wiki", 5, ["wiki"]),
            (5, "wiki\0x", 5, ["wiki"]),
        ] as [(Int32?, String?, Int, [String])])
    func readsWhatFollowsTheEntriesOfTheOlderFormat(
        chunks: Int32?, dataset: String?, count: Int, datasets: [String]
    ) throws {
        let matrix = try imatrix(legacyImatrix([("a", 1, [1])], chunks: chunks, dataset: dataset))
        #expect(matrix.chunkCount == count)
        #expect(matrix.datasets == datasets)
    }

    @Test func leavesOutADataSetThatIsCut() throws {
        let bytes = legacyImatrix([("a", 1, [1])], chunks: 5, dataset: "wiki").dropLast()
        #expect(try imatrix(Array(bytes)).datasets == [])
    }

    @Test func refusesNumbersThatAreNone() throws {
        for bad in [Float.infinity, -.infinity, .nan] {
            #expect(throws: QuantizationError.self) { try values("a", legacyImatrix([("a", 1, [1, bad])])) }
            let counts = gguf { file in
                file.tensor("a.in_sum2", [1], [1])
                file.tensor("a.counts", [1], [bad])
            }
            #expect(throws: QuantizationError.self) { try values("a", counts) }
        }
        let large = gguf { file in
            file.tensor("a.in_sum2", [1], [1])
            file.tensor("a.counts", [1], [1e30])
        }
        #expect(throws: QuantizationError.self) { try imatrix(large).check { Array(large[$0]) } }
    }

    @Test func filtersByPartsOfNames() throws {
        let matrix = try imatrix(of: ["blk.0.attn_q": 1, "blk.1.attn_q": 1, "blk.1.attn_k": 1])
        #expect(try matrix.filtered(including: ["attn_k", "blk.0"]).entries.count == 2)
        #expect(
            try matrix.filtered(excluding: ["attn_k", "blk.0"]).entries.keys.map(\.text).sorted() == [
                "blk.1.attn_q"
            ])
        #expect(try matrix.filtered().entries.count == 3)
        #expect(throws: QuantizationError.self) { try matrix.filtered(including: ["a"], excluding: ["b"]) }
    }

    private static let noMatrices: [[UInt8]] = [
        [], Array("GGU".utf8), Array("GGUF".utf8), [0, 0, 0, 0], [255, 255, 255, 255],
        [1, 0, 0, 0, 200, 0, 0, 0],
        legacyImatrix([("a", 1, [])]), legacyImatrix([("a", 1, [1, 2])]).dropLast(),
        [2] + legacyImatrix([("a", 1, [1, 2, 3, 4, 5])]).dropFirst(),
    ]

    @Test(arguments: noMatrices) func refusesWhatIsNoMatrix(bytes: [UInt8]) {
        #expect(throws: FormatError.self) { try imatrix(bytes) }
    }

    @Test func refusesUnpairedAndUnevenTensors() {
        let files: [[UInt8]] = [
            gguf { _ in },
            gguf { $0.tensor("a.in_sum2", [1], [1]) },
            gguf { $0.tensor("a.counts", [1], [1]) },
            gguf { file in
                file.tensor("a.in_sum2", [3], [1, 2, 3])
                file.tensor("a.counts", [2], [1, 2])
            },
            gguf { file in
                file.tensor("a.in_sum2", [3], [1, 2, 3])
                file.tensor("a.counts", [0], [])
            },
            gguf(metadata: ["imatrix.chunk_count", "imatrix.chunk_size"]) { file in
                file.tensor("a.in_sum2", [1], [1])
                file.tensor("a.counts", [1], [1])
            },
        ]
        for bytes in files { #expect(throws: FormatError.self) { try imatrix(bytes) } }
    }

    /// Damaged files give an error or values, and nothing is read past their ends.
    @Test(arguments: 0..<8) func damagedFilesAreRefusedOrRead(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let originals = [
            legacyImatrix([("a.weight", 3, [9, 12, 1]), ("b", 0, [5])], chunks: 9, dataset: "wiki"),
            gguf { file in
                file.tensor("a.weight.in_sum2", [2, 2], [1, 2, 3, 4])
                file.tensor("a.weight.counts", [1, 2], [2, 3])
            },
        ]
        for _ in 0..<1_500 {
            var bytes = originals[Int.random(in: 0..<2, using: &random)]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[position] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &random) ?? 0
                case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.insert(0xFF, at: position)
                default: if bytes.count > 1 { bytes.remove(at: position) }
                }
            }
            func read(_ range: Range<Int>) throws -> [UInt8] {
                try #require(range.upperBound <= bytes.count)
                return Array(bytes[range])
            }
            do {
                let matrix = try Imatrix(fileSize: bytes.count, read: read)
                for entry in matrix.entries.values {
                    #expect(try matrix.values(of: entry, read: read).count == entry.valueCount)
                }
            } catch is FormatError {
            } catch is QuantizationError {
            } catch {
                Issue.record("\(error)")
            }
        }
    }

    private func gguf(
        metadata: [String] = ["imatrix.datasets", "imatrix.chunk_count", "imatrix.chunk_size"],
        _ fill: (inout GGUFBytes) -> Void
    ) -> [UInt8] {
        var file = GGUFBytes()
        for key in metadata {
            if key == "imatrix.datasets" {
                file.array(key, .string, [text("one"), text("two")])
            } else {
                file.item(key, 7)
            }
        }
        fill(&file)
        return file.bytes
    }
}
