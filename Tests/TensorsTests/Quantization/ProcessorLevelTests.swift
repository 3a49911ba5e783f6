import TestSupport
import Testing

@testable import Tensors

/// Every level of processors gives the bytes of the baseline.
@Suite struct ProcessorLevelTests {
    static let newer = ProcessorLevel.ofThisMachine.filter { $0 != .baseline }
    static let types = GGMLType.allCases.filter { $0.format != nil }
    static let rowLength = 768

    /// Rows of ordinary numbers, of any finite bits, and of few levels with zeros and many ties.
    static func rows(_ count: Int, seed: UInt64) -> [Float] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).flatMap { row in
            (0..<rowLength).map { _ in
                let bits = random.next()
                let ordinary = Float(Int32(truncatingIfNeeded: bits)) / 0x8000_0000
                switch row % 4 {
                case 0: return ordinary * ordinary * ordinary
                case 1:
                    let any = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
                    return any.isFinite ? any : ordinary
                case 2: return (ordinary * 4).rounded() / 8
                default: return bits >> 60 == 0 ? ordinary * 100 : ordinary * 1e-3
                }
            }
        }
    }

    @Test(arguments: types, newer)
    func quantizesToTheSameBytes(_ type: GGMLType, _ level: ProcessorLevel) throws {
        let baseline = try #require(ProcessorLevel.baseline.kernels.format(type))
        let format = try #require(level.kernels.format(type))
        let rows = Self.rows(16, seed: UInt64(type.rawValue) + 1)
        let importance = Self.rows(1, seed: 3).map { abs($0) }
        for importance in [[], importance] {
            let expected = quantized(baseline, rows, rowLength: Self.rowLength, importance: importance)
            let found = quantized(format, rows, rowLength: Self.rowLength, importance: importance)
            let size = type.blockSize
            let different = stride(from: 0, to: found.count, by: size).filter {
                found[$0..<$0 + size] != expected[$0..<$0 + size]
            }
            #expect(different.isEmpty, "block \((different.first ?? 0) / size)")
        }
    }

    @Test(arguments: types, newer)
    func readsTheSameFloatsOfAnyBytes(_ type: GGMLType, _ level: ProcessorLevel) throws {
        let baseline = try #require(ProcessorLevel.baseline.kernels.format(type))
        let format = try #require(level.kernels.format(type))
        var random = SeededGenerator(seed: UInt64(type.rawValue))
        let blocks = (0..<64 * type.blockSize).map { _ in UInt8.random(in: 0...255, using: &random) }
        #expect(
            dequantized(format, blocks).map(\.bitPattern)
                == dequantized(baseline, blocks).map(\.bitPattern))
    }

    /// In whole sixteens, and in what is left of them.
    @Test(arguments: ProcessorLevel.ofThisMachine, [0, 5])
    func readsEveryHalfExactly(_ level: ProcessorLevel, _ first: UInt16) throws {
        let format = try #require(level.kernels.format(.f16))
        let halves = (first...UInt16.max).map { $0 }
        let found = dequantized(format, halves.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        for (half, float) in zip(halves, found) {
            let expected = Float(Float16(bitPattern: half))
            let quiet = half & 0x7C00 == 0x7C00 && half & 0x3FF != 0 ? UInt32(0x40_0000) : 0
            guard float.bitPattern != expected.bitPattern | quiet else { continue }
            Issue.record("\(half) is \(float.bitPattern), not \(expected.bitPattern)")
            break
        }
    }
}
