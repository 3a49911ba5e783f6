import Glibc
import TestSupport
import Testing

@testable import Tensors

/// Random damage to files: an error or a result, never a trap, and a result keeps its promises.
@Suite(.tags(.fuzz), .series) struct ExtentFuzzTests {
    /// Mutations for each of twenty seeds; `KNAPSACK_FUZZ_RUNS` asks for another number.
    private static let runs =
        unsafe getenv("KNAPSACK_FUZZ_RUNS").flatMap { unsafe Int(String(cString: $0)) } ?? 1000

    @Test(
        arguments: ["checkpoint.pt", "arrays.npz", "tiny.gguf", "tiny.safetensors"], 0..<20 as Range<UInt64>)
    func damagedFilesNeverTrap(name: String, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let original = fixture(name)
        for _ in 0..<Self.runs {
            var bytes = original
            damageNumbers(&bytes, with: &random)
            guard case .tensors(let file) = tensors(name, bytes, smallest: 0) else { continue }
            var end = 0
            for extent in file.extents {
                let isInOrder = extent.bytes.lowerBound >= end || extent.bytes.isEmpty
                if !isInOrder || extent.bytes.upperBound > bytes.count {
                    Issue.record("\(name), seed \(seed): \(extent) after \(end) of \(bytes.count)")
                }
                end = max(end, extent.bytes.upperBound)
            }
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func damagedGGUFHeadersNeverTrap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var builder = GGUFBuilder()
        let inner = GGUFBuilder.array(.uint16, 2, [1, 0, 2, 0])
        builder.item("general.alignment", .uint32, number(32, 4))
        builder.item("nested", .array, GGUFBuilder.array(.array, 2, inner + inner))
        builder.item("words", .array, GGUFBuilder.array(.string, 2, ["a", "é"].flatMap(GGUFBuilder.text)))
        builder.tensor("a", [3, 2])
        builder.tensor("b", [256], .q4K)
        let original = builder.bytes
        for _ in 0..<Self.runs {
            var bytes = original
            damageNumbers(&bytes, with: &random)
            // What a prefix gives has to agree with what the whole file gives.
            let count = Int.random(in: 0...bytes.count, using: &random)
            let prefix = try? GGUFHeader.parse(bytes.span.extracting(first: count), fileSize: bytes.count)
            let whole = try? GGUFHeader.parse(bytes.span, fileSize: bytes.count)
            switch (prefix, whole) {
            case (.needsMore(let least), _): #expect(least > count && least <= bytes.count)
            case (let prefix, let whole): #expect(prefix == whole)
            }
            guard case .complete(let header) = whole else { continue }
            for case .array(let array) in header.items.map(\.value) {
                let elements = try? array.elements(in: bytes.span)
                if elements?.count != array.count { Issue.record("seed \(seed): \(array) cannot be read") }
            }
        }
    }
}
