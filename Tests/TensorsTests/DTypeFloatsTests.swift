import Testing

@testable import Kernels
@testable import Tensors

@Suite struct DTypeFloatsTests {
    private func floats(_ dtype: DType, _ words: [UInt64]) -> [Float] {
        let size = dtype.bitsPerElement / 8
        let bytes = words.flatMap { word in
            (0..<size).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
        var values = [Float](repeating: -1, count: words.count)
        var output = values.mutableSpan
        dtype.floats(from: bytes.span, into: &output)
        return values
    }

    private static let all = (0..<256).map { UInt64($0) }

    /// The values of the formats in the order of their bits, counted up in steps rather than computed.
    private func positive(exponentBits: Int, mantissaBits: Int) -> [Float] {
        let bias = 1 << (exponentBits - 1) - 1
        var step = Float(sign: .plus, exponent: 1 - bias - mantissaBits, significand: 1)
        var values: [Float] = [0]
        while values.count < 128 {
            values.append((values.last ?? 0) + step)
            // The first two runs, subnormal numbers and the least exponent's, have the same steps.
            if values.count >> mantissaBits > 1, (values.count - 1) & (1 << mantissaBits - 1) == 0 {
                step *= 2
            }
        }
        return values
    }

    @Test func readsEveryE4M3() {
        let found = floats(.f8e4m3, Self.all)
        let expected = positive(exponentBits: 4, mantissaBits: 3)
        #expect(found[126] == 448 && found[1] == 0x1p-9)
        for index in 0..<127 {
            #expect(found[index] == expected[index], "\(index)")
            #expect(found[index + 128].bitPattern == (-expected[index]).bitPattern, "\(index)")
        }
        #expect(found[127].isNaN && found[255].isNaN)
    }

    @Test func readsEveryE5M2() {
        let found = floats(.f8e5m2, Self.all)
        // The upper byte of a binary16.
        for index in 0..<256 {
            let expected = HalfPrecision.float(float16: UInt16(index) << 8)
            #expect(
                found[index].bitPattern == expected.bitPattern || found[index].isNaN && expected.isNaN,
                "\(index)")
        }
        #expect(found[124] == .infinity && found[252] == -.infinity && found[125].isNaN)
    }

    @Test func readsEveryE8M0() {
        let found = floats(.f8e8m0, Self.all)
        #expect(found[127] == 1 && found[0] == 0x1p-127 && found[255].isNaN)
        for index in 1..<255 { #expect(found[index] == found[index - 1] * 2) }
    }

    @Test func readsWholeNumbers() {
        #expect(floats(.bool, [0, 1, 2]) == [0, 1, 1])
        #expect(floats(.u8, [0, 255]) == [0, 255])
        #expect(floats(.i8, [127, 128, 255]) == [127, -128, -1])
        #expect(floats(.u16, [65535]) == [65535])
        #expect(floats(.i16, [0x8000, 0xFFFF]) == [-32768, -1])
        #expect(floats(.u32, [0xFFFF_FFFF]) == [0x1p32])
        #expect(floats(.i32, [0x8000_0000, 0xFFFF_FFFE]) == [-0x1p31, -2])
        #expect(floats(.u64, [.max, 16_777_217]) == [0x1p64, 16_777_216])
        #expect(floats(.i64, [UInt64(Int64.max), 1 << 63, 16_777_219]) == [0x1p63, -0x1p63, 16_777_220])
    }

    @Test func readsFloatsToTheNearest() {
        let numbers: [Double] = [0.1, 1e39, -1e39, 1e-50, .infinity, 1 + 0x1p-24, 1 + 0x1.8p-23]
        let nearest: [Float] = [0.1, .infinity, -.infinity, 0, .infinity, 1, 1 + 0x1p-22]
        #expect(floats(.f64, numbers.map(\.bitPattern)) == nearest)
        #expect(floats(.f32, [0x3F80_0000, 1]) == [1, .leastNonzeroMagnitude])
        #expect(floats(.f16, [0x3C00, 0xC000, 1]) == [1, -2, 0x1p-24])
        #expect(floats(.bf16, [0x3F80, 0xC000]) == [1, -2])
    }

    @Test func typesThatAreNoRealNumbersOfWholeBytesAreNotRead() {
        for dtype in [DType.c64, .f4, .f6e2m3, .f6e3m2, .f8e4m3fnuz, .f8e5m2fnuz] {
            #expect(!dtype.isReal)
        }
        #expect(floats(.c64, [1]) == [-1])
    }
}
