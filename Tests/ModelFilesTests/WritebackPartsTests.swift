import TestSupport
import Testing

@testable import ModelFiles

@Suite struct WritebackPartsTests {
    private static let part = 4 << 20

    /// However bytes come, each part is named once, when the last byte of it that is ever written is.
    @Test func partsAreNamedWhenTheyAreWhole() {
        // A gap between tensors, one across parts, and one that ends within its last part.
        let tensors = [96..<1000, 1024..<3 * Self.part + 5, 3 * Self.part + 32..<5 * Self.part + 77]
        let parts = WritebackParts(tensors)
        var random = SeededGenerator(seed: 6)
        var slabs = tensors.flatMap { tensor in
            stride(from: tensor.lowerBound, to: tensor.upperBound, by: 300_000).map {
                $0..<min($0 + 300_000, tensor.upperBound)
            }
        }
        slabs.shuffle(using: &random)
        var left = slabs
        var named: [Range<Int>] = []
        for slab in slabs {
            left.removeAll { $0 == slab }
            for part in parts.wrote(slab) {
                #expect(!left.contains { $0.overlaps(part) })
                named.append(part)
            }
        }
        #expect(
            named.sorted { $0.lowerBound < $1.lowerBound }
                == (0..<6).map { $0 * Self.part..<($0 + 1) * Self.part })
    }

    @Test func aFileWithoutTensorsHasNone() {
        #expect(WritebackParts([]).wrote(0..<0).isEmpty)
    }
}
