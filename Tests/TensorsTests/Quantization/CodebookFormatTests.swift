import TestSupport
import Testing

@testable import Kernels
@testable import Tensors

@Suite struct CodebookFormatTests {
    static let types: [GGMLType] = [.iq1S, .iq1M, .iq2XXS, .iq2XS, .iq2S, .iq3XXS, .iq3S]

    /// Numbers that are nearly normally distributed.
    private func ordinary(_ count: Int, seed: UInt64) -> [Float] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            (0..<6).reduce(Float(0)) { sum, _ in sum + Float.random(in: -0.05...0.05, using: &random) }
        }
    }

    private func relativeError(_ found: [Float], _ expected: [Float]) -> Float {
        var (errors, squares): (Float, Float) = (0, 0)
        for (one, other) in zip(found, expected) {
            errors += (one - other) * (one - other)
            squares += other * other
        }
        return (errors / squares).squareRoot()
    }

    /// The largest root mean square error, relative to the numbers', of ordinary numbers:
    /// a twentieth more than the worst of 64 rows.
    @Test(arguments: [
        (GGMLType.iq1S, Float(0.52)), (.iq1M, 0.49), (.iq2XXS, 0.375), (.iq2XS, 0.33), (.iq2S, 0.27),
        (.iq3XXS, 0.205), (.iq3S, 0.152),
    ])
    func errorIsWithinTheTypesBound(_ type: GGMLType, bound: Float) throws {
        let format = try #require(type.format)
        for seed in UInt64(1)...3 {
            let rows = ordinary(512, seed: seed)
            let importance = [Float](repeating: 1, count: 512)
            let blocks = quantized(format, rows, rowLength: 512, importance: importance)
            let error = relativeError(dequantized(format, blocks), rows)
            #expect(error < bound, "\(type.name): \(error)")
            #expect(quantized(format, rows, rowLength: 512, importance: importance) == blocks)
        }
    }

    /// Blocks depend on nothing but their own numbers and the importances of their columns.
    @Test(arguments: types)
    func rowsDoNotDependOnOneAnother(_ type: GGMLType) throws {
        let format = try #require(type.format)
        let rows = ordinary(3 * 512, seed: 5)
        let importance = ordinary(512, seed: 6).map { $0 * $0 }
        let whole = quantized(format, rows, rowLength: 512, importance: importance)
        var parts: [UInt8] = []
        for block in 0..<6 {
            let columns = block % 2 * 256..<block % 2 * 256 + 256
            let elements = Array(rows[block * 256..<block * 256 + 256])
            parts += quantized(format, elements, rowLength: 256, importance: Array(importance[columns]))
        }
        #expect(whole == parts)
    }

    @Test(arguments: types.filter(\.needsImportance))
    func withoutImportanceEveryColumnCountsTheSame(_ type: GGMLType) throws {
        let format = try #require(type.format)
        let rows = ordinary(512, seed: 7)
        let ones = [Float](repeating: 1, count: 256)
        #expect(
            quantized(format, rows, rowLength: 256)
                == quantized(format, rows, rowLength: 256, importance: ones))
    }

    @Test func threeTypesNeedImportance() {
        #expect(GGMLType.allCases.filter(\.needsImportance) == [.iq2XXS, .iq2XS, .iq1S])
    }

    @Test(arguments: types)
    func zerosStayZeros(_ type: GGMLType) throws {
        let format = try #require(type.format)
        let blocks = quantized(format, [Float](repeating: -0.0, count: 256), rowLength: 256)
        #expect(blocks.allSatisfy { $0 == 0 })
        #expect(dequantized(format, blocks).allSatisfy { $0 == 0 })
    }

    /// ggml writes the words of what follows a sub-block of zeros one sub-block too early.
    @Test func wordsAfterZerosAreWhereTheReferencePutsThem() {
        var rows = ordinary(256, seed: 8)
        let complete = quantized(IQ3SFormat.self, rows, rowLength: 256, importance: [])
        for i in 0..<32 { rows[i] = 0 }
        let found = quantized(IQ3SFormat.self, rows, rowLength: 256)
        #expect(found[2..<58] == complete[10..<66])
        #expect(found[58..<66].allSatisfy { $0 == 0 })
        #expect(found[74..<102] == complete[78..<106])
        #expect(found[66] == 0 && found[67..<74] == complete[67..<74])
    }

    @Test(arguments: types)
    func anyFloatsBecomeBlocks(_ type: GGMLType) throws {
        let format = try #require(type.format)
        var random = SeededGenerator(seed: 9)
        let odd: [Float] = [
            .infinity, -.infinity, .nan, .signalingNaN, -.nan, .greatestFiniteMagnitude, 0, -0.0,
            -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
        ]
        for oddShare in [0, 40, 100] {
            let rows = (0..<512).map { _ in
                if Int.random(in: 0..<100, using: &random) < oddShare {
                    return odd[Int.random(in: 0..<odd.count, using: &random)]
                }
                return Float(bitPattern: UInt32.random(in: 0 ... .max, using: &random))
            }
            for importance in [[], Array(rows.reversed()), [Float](repeating: 0, count: 512)] {
                let blocks = quantized(format, rows, rowLength: 512, importance: importance)
                #expect(blocks.count == 2 * type.blockSize)
            }
        }
        for value in odd {
            let rows = [Float](repeating: value, count: 256)
            #expect(quantized(format, rows, rowLength: 256).count == type.blockSize)
        }
    }

    @Test(arguments: types)
    func anyBytesBecomeFloats(_ type: GGMLType) throws {
        let format = try #require(type.format)
        var random = SeededGenerator(seed: 10)
        let blocks = (0..<20 * type.blockSize).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(dequantized(format, blocks).count == 20 * 256)
        for byte in [UInt8(0), 0x7F, 0xFF] {
            let block = [UInt8](repeating: byte, count: type.blockSize)
            #expect(dequantized(format, block).count == 256)
        }
    }
}
