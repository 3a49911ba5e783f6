import TestSupport
import Testing

@testable import Kernels
@testable import Storage
@testable import Tensors

/// Finite numbers that are unlike weights: every level of processors gives the reference's bytes.
@Suite struct HostileNumberTests {
    static let rowLength = 768
    static let types = GGMLType.allCases.filter { $0.format != nil && $0 != .f64 }

    /// The lines of `hostile.sha256`: a digest, the type with its suffix, the name of a row. The reference stops at
    /// the rows that a type has no line for.
    static let lines = String(decoding: fixture("hostile.sha256", in: "quantization"), as: UTF8.self)
        .split(separator: "\n").map { $0.split(separator: " ").map(String.init) }

    /// Whole numbers from -8388608 to 8388607, the same ones from each seed.
    private struct Wholes {
        var state: UInt32

        mutating func next() -> Float {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(Int32(bitPattern: state) >> 8)
        }
    }

    /// Rows by their names.
    static let rows: [String: [Float]] = {
        var wholes = Wholes(state: 11)
        let ordinary = (0..<rowLength).map { _ in wholes.next() / 8_388_608 }
        let denormal = Float.leastNonzeroMagnitude
        func each(_ number: (Int) -> Float) -> [Float] { (0..<rowLength).map(number) }
        return [
            "zeros": each { _ in 0 },
            "negative-zeros": each { $0 % 3 == 0 ? 0 : -0.0 },
            "denormals": each { ordinary[$0] * Float(bitPattern: 0x000A_E398) },
            "least": each { $0 % 2 == 0 ? denormal : -denormal },
            "one-denormal": each { $0 % 256 == 77 ? denormal : 0 },
            "least-normals": each { $0 % 5 == 0 ? -Float.leastNormalMagnitude : .leastNormalMagnitude },
            "equal": each { _ in 0.017 },
            "equal-negative": each { _ in -3 },
            "alternating": each { $0 % 2 == 0 ? 0.5 : -0.5 },
            "alternating-sizes": each { ordinary[$0] * ($0 % 2 == 0 ? 1e6 : 1e-6) },
            "one-huge": each { $0 % 256 == 200 ? 1e12 : ordinary[$0] },
            "one-of-32-huge": each { $0 % 32 == 9 ? -1e9 : ordinary[$0] * 1e-3 },
            "huge": each { ordinary[$0] * 1e18 },
            "largest": each { $0 % 2 == 0 ? Float.greatestFiniteMagnitude : ordinary[$0] },
            "half-zeros": each { $0 % 32 < 16 ? 0 : ordinary[$0] },
            "few-levels": each { Float(Int(ordinary[$0] * 4)) },
            "powers": each {
                Float(sign: $0 % 2 == 0 ? .plus : .minus, exponent: $0 % 40 - 20, significand: 1)
            },
            "rising": each { Float($0) - 384 },
        ]
    }()

    /// How much columns count: some nothing.
    static let importance: [Float] = {
        var wholes = Wholes(state: 12)
        return (0..<rowLength).map { _ in max(0, wholes.next() / 8_388_608) }
    }()

    @Test(arguments: types, ProcessorLevel.ofThisMachine)
    func becomeTheReferencesBytes(_ type: GGMLType, _ level: ProcessorLevel) throws {
        let format = try #require(level.kernels.format(type))
        let lines = Self.lines.filter { $0[1] == type.name || $0[1] == "\(type.name).im" }
        #expect(lines.count >= 16)
        for line in lines {
            let found = quantized(
                format, try #require(Self.rows[line[2]]), rowLength: Self.rowLength,
                importance: line[1].hasSuffix(".im") ? Self.importance : [])
            #expect(try ContentHasher.sha256(found.span).hex == line[0], "\(line[1]), \(line[2])")
        }
    }

    /// Infinities and what is no number are refused before they get to types with blocks; plain types keep them, and
    /// what of a payload they have room for.
    @Test(arguments: [GGMLType.f32, .f16, .bf16, .f64], ProcessorLevel.ofThisMachine)
    func plainTypesTreatPayloadsAlike(_ type: GGMLType, _ level: ProcessorLevel) throws {
        let baseline = try #require(ProcessorLevel.baseline.kernels.format(type))
        let format = try #require(level.kernels.format(type))
        var random = SeededGenerator(seed: 21)
        let rows = (0..<4096).map { index in
            let payload = UInt32.random(in: 0...0x7F_FFFF, using: &random)
            return Float(bitPattern: 0x7F80_0000 | payload | (index % 2 == 0 ? 0x8000_0000 : 0))
        }
        let blocks = quantized(format, rows, rowLength: rows.count)
        #expect(blocks == quantized(baseline, rows, rowLength: rows.count))
        let back = dequantized(format, blocks)
        #expect(back.map(\.bitPattern) == dequantized(baseline, blocks).map(\.bitPattern))
        #expect(zip(back, rows).allSatisfy { $0.isNaN == $1.isNaN && $0.sign == $1.sign })
    }
}
