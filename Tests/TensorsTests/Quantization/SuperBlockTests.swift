import TestSupport
import Testing

@testable import Kernels
@testable import Tensors

/// What holds for the K types whatever the numbers are.
@Suite struct SuperBlockTests {
    static let types: [GGMLType] = [.q2K, .q3K, .q4K, .q5K, .q6K]

    /// The same numbers for the same seed on every machine (splitmix64).
    private struct Generator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }

        /// From -1 up to 1.
        mutating func number() -> Float {
            Float(Int32(truncatingIfNeeded: next() >> 40) - 0x80_0000) / 0x80_0000
        }

        mutating func numbers(_ count: Int, _ scale: Float) -> [Float] {
            (0..<count).map { _ in number() * scale }
        }
    }

    /// The root of the mean square of what a round trip changes, over that of the numbers.
    private func error(_ format: any BlockFormat.Type, _ row: [Float], _ importance: [Float]) -> Double {
        let back = dequantized(
            format, quantized(format, row, rowLength: row.count, importance: importance))
        var (errors, squares) = (0.0, 0.0)
        for (value, restored) in zip(row, back) {
            let difference = Double(value) - Double(restored)
            errors += difference * difference
            squares += Double(value) * Double(value)
        }
        return (errors / squares).squareRoot()
    }

    /// Even numbers in a range of 2, in levels of 2 / (levels - 1), are off by 1 / sqrt(12) of a level, which is
    /// 1 / (levels - 1) of their root mean square; twice that leaves room for rounded scales.
    @Test(arguments: zip(types, [4.0, 8, 16, 32, 64]))
    func restoresEvenNumbersWithinTheirLevels(_ type: GGMLType, _ levels: Double) throws {
        let format = try #require(type.format)
        var generator = Generator(state: UInt64(type.rawValue))
        for scale: Float in [1e-3, 1, 1000] {
            let row = generator.numbers(1024, scale)
            let even = [Float](repeating: 1, count: row.count)
            for importance in [[], even] {
                let found = error(format, row, importance)
                #expect(found < 2 / (levels - 1), "\(type.name), scale \(scale)")
            }
        }
    }

    @Test(arguments: types)
    func restoresZerosAsZeros(_ type: GGMLType) throws {
        let format = try #require(type.format)
        for importance in [[], [Float](repeating: 0, count: 256), [Float](repeating: 1, count: 256)] {
            let zeros = [Float](repeating: 0, count: 512)
            let back = dequantized(
                format, quantized(format, zeros, rowLength: 256, importance: importance))
            #expect(back.allSatisfy { $0 == 0 })
        }
    }

    @Test(arguments: types)
    func blocksDoNotDependOnTheirNeighbours(_ type: GGMLType) throws {
        let format = try #require(type.format)
        var generator = Generator(state: 5)
        let rows = generator.numbers(1024, 0.1)
        let importance = generator.numbers(512, 1).map { $0 * $0 }
        let together = quantized(format, rows, rowLength: 512, importance: importance)
        let apart = (0..<4).flatMap { index in
            let column = index % 2 * 256
            return quantized(
                format, Array(rows[index * 256..<index * 256 + 256]), rowLength: 256,
                importance: Array(importance[column..<column + 256]))
        }
        #expect(together == apart)
    }

    /// Values are refused before they get here; if they ever do, the result means nothing, but it is one.
    @Test(arguments: types)
    func acceptsAnyBits(_ type: GGMLType) throws {
        let format = try #require(type.format)
        var generator = Generator(state: 9)
        let special: [Float] = [
            .nan, -.nan, .signalingNaN, .infinity, -.infinity, .greatestFiniteMagnitude,
            -.greatestFiniteMagnitude, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
            .leastNormalMagnitude, -0.0, 1e-15, 8_388_608, 1e30,
        ]
        var rows = special.flatMap { [Float](repeating: $0, count: 256) }
        rows += (0..<2048).map { _ in Float(bitPattern: UInt32(truncatingIfNeeded: generator.next())) }
        rows += (0..<2048).map { _ in
            let random = generator.next()
            return random & 7 == 0 ? special[Int(random >> 8) % special.count] : generator.number()
        }
        let importance = (0..<256).map { _ in
            Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
        }
        for importance in [[], importance, [Float](repeating: .nan, count: 256)] {
            let blocks = quantized(format, rows, rowLength: 256, importance: importance)
            #expect(dequantized(format, blocks).count == rows.count)
        }
    }

    @Test(arguments: types)
    func convertsAnyBytesBack(_ type: GGMLType) throws {
        let format = try #require(type.format)
        var generator = Generator(state: 11)
        let blocks = (0..<16 * type.blockSize).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        #expect(dequantized(format, blocks).count == 16 * 256)
    }

    /// 250 is -6: its upper two bits share a byte with those of the fifth level, here 5.
    @Test func unlimitedLevelsReachIntoTheirNeighbours() {
        let found = SIMD16<UInt8>(250, 1, 2, 3, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        let unlimited = SixBitScales(found, SIMD16(), isLimited: false)
        #expect(unlimited.scales == [58, 1, 2, 3, 53, 0, 0, 0])
        let limited = SixBitScales(found, SIMD16(), isLimited: true)
        #expect(limited.scales == [63, 1, 2, 3, 5, 0, 0, 0])
    }
}
