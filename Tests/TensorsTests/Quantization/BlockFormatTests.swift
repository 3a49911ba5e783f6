import TestSupport
import Testing

@testable import Kernels
@testable import Storage
@testable import Tensors

/// What holds for the types of small blocks, for the ternary ones and for IQ4_XS.
@Suite struct BlockFormatTests {
    static let types: [GGMLType] = [
        .q40, .q41, .q50, .q51, .q80, .q10, .q20, .tq10, .tq20, .mxfp4, .nvfp4, .iq4NL, .iq4XS,
    ]

    /// The lines of `shapes.sha256`: a digest, the type with its suffix, the length of a row.
    static let shapes = String(decoding: fixture("shapes.sha256", in: "quantization"), as: UTF8.self)
        .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }

    @Test(arguments: types)
    func rowsOfAnyLengthBecomeTheReferencesBytes(_ type: GGMLType) throws {
        let format = try #require(type.format)
        let lines = Self.shapes.filter { $0[1] == type.name || $0[1] == "\(type.name).im" }
        #expect(lines.count >= 4)
        for line in lines {
            let length = try #require(Int(line[2]))
            var state: UInt32 = 7
            func next() -> Float {
                state = state &* 1_664_525 &+ 1_013_904_223
                return Float(Int32(bitPattern: state) >> 8) / 1_048_576
            }
            let rows = (0..<length * 5).map { _ in
                let number = next()
                return number * number * number
            }
            let importance = (0..<length).map { _ in max(0, next()) }
            let found = quantized(
                format, rows, rowLength: length, importance: line[1].hasSuffix(".im") ? importance : [])
            #expect(try digest(found) == line[0], "\(line[1]), rows of \(length)")
        }
    }

    private func digest(_ bytes: [UInt8]) throws -> String { try ContentHasher.sha256(bytes.span).hex }

    /// The largest root mean square error, relative to the numbers', of numbers that are evenly distributed.
    @Test(arguments: [
        (GGMLType.q40, Float(0.09)), (.q41, 0.07), (.q50, 0.045), (.q51, 0.035), (.q80, 0.006),
        (.mxfp4, 0.16), (.nvfp4, 0.135), (.iq4NL, 0.09), (.iq4XS, 0.09),
        (.q10, 0.6), (.q20, 0.6), (.tq10, 0.6), (.tq20, 0.6),
    ])
    func errorIsWithinTheTypesBound(_ type: GGMLType, bound: Float) throws {
        let format = try #require(type.format)
        var random = SeededGenerator(seed: 3)
        for scale in [Float(0.01), 1, 20] {
            let rows = (0..<768).map { _ in Float.random(in: -scale...scale, using: &random) }
            for importance in [[], [Float](repeating: 1, count: 768)] {
                let blocks = quantized(format, rows, rowLength: 768, importance: importance)
                var (errors, squares): (Float, Float) = (0, 0)
                for (one, other) in zip(dequantized(format, blocks), rows) {
                    errors += (one - other) * (one - other)
                    squares += other * other
                }
                let error = (errors / squares).squareRoot()
                #expect(error < bound, "\(type.name), scale \(scale): \(error)")
            }
        }
    }

    @Test(arguments: types)
    func zerosStayZeros(_ type: GGMLType) throws {
        let format = try #require(type.format)
        for zero in [Float(0), -0.0] {
            for importance in [[], [Float](repeating: 1, count: 768)] {
                let zeros = [Float](repeating: zero, count: 768)
                let blocks = quantized(format, zeros, rowLength: 768, importance: importance)
                #expect(dequantized(format, blocks).allSatisfy { $0 == 0 })
            }
        }
    }

    /// Numbers that are none are refused before they get here; if they ever do, the result means nothing.
    @Test(arguments: types)
    func anyFloatsBecomeBlocks(_ type: GGMLType) throws {
        let format = try #require(type.format)
        var random = SeededGenerator(seed: 9)
        let odd: [Float] = [
            .infinity, -.infinity, .nan, .signalingNaN, -.nan, .greatestFiniteMagnitude, 0, -0.0,
            -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
        ]
        for share in [0, 40, 100] {
            let rows = (0..<1536).map { _ in
                Int.random(in: 0..<100, using: &random) < share
                    ? odd[Int.random(in: 0..<odd.count, using: &random)]
                    : Float(bitPattern: UInt32.random(in: 0 ... .max, using: &random))
            }
            for importance in [[], Array(rows[0..<768]), [Float](repeating: 0, count: 768)] {
                let blocks = quantized(format, rows, rowLength: 768, importance: importance)
                #expect(dequantized(format, blocks).count == 1536)
            }
        }
        for value in odd {
            let rows = [Float](repeating: value, count: 256)
            #expect(quantized(format, rows, rowLength: 256).count == 256 / type.blockLength * type.blockSize)
        }
    }

    @Test(arguments: types)
    func anyBytesBecomeFloats(_ type: GGMLType) throws {
        let format = try #require(type.format)
        var random = SeededGenerator(seed: 10)
        let blocks = (0..<64 * type.blockSize).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(dequantized(format, blocks).count == 64 * type.blockLength)
    }

    @Test(arguments: types)
    func noRowsAreNoBlocks(_ type: GGMLType) throws {
        let format = try #require(type.format)
        #expect(quantized(format, [], rowLength: type.blockLength).isEmpty)
        #expect(dequantized(format, []).isEmpty)
    }

    /// Just below a power of two, a logarithm of 32 bits is that of the power already: 2 steps below 2^8, but not
    /// 3, and none below 2; 44 steps below 2^127.
    @Test func powersOfTwoBeginWhereRoundedLogarithmsDo() {
        func exponent(_ value: Float, below steps: UInt32) -> Int {
            Int(MXFP4Format.exponent(Float(bitPattern: value.bitPattern - steps))) - 125
        }
        for power in -125...127 {
            #expect(exponent(Float(sign: .plus, exponent: power, significand: 1), below: 0) == power)
        }
        #expect(exponent(256, below: 2) == 8 && exponent(256, below: 3) == 7)
        #expect(exponent(2, below: 1) == 0 && exponent(1, below: 1) == -1 && exponent(4, below: 1) == 1)
        #expect(exponent(8, below: 1) == 3 && exponent(8, below: 2) == 2)
        #expect(exponent(0x1p127, below: 44) == 127 && exponent(0x1p127, below: 45) == 126)
    }

    @Test func magnitudesThatNoScaleReachesTakeTheFirstOfEqualDistances() {
        let huge = [Float](repeating: 1e30, count: 64)
        let blocks = quantized(NVFP4Format.self, huge, rowLength: 64)
        #expect(blocks == [126, 126, 126, 126] + [UInt8](repeating: 0, count: 32))
    }
}
