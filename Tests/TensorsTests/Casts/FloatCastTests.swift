import Testing

@testable import Tensors

/// Converts elements given as bits, of `source.bitsPerElement` each, and gives the bits that come out.
private func cast(_ bits: [UInt64], _ source: DType, _ target: CastType) throws -> (
    bits: [UInt64], fault: Int?
) {
    let convert = try #require(FloatCast(from: source, to: target))
    let (from, to) = (source.bitsPerElement / 8, target.dtype.bitsPerElement / 8)
    let input = bits.flatMap { littleEndian($0, from) }
    var output = [UInt8](repeating: 0xEE, count: bits.count * to)
    var floats: [Float] = []
    var span = output.mutableSpan
    let fault = convert.convert(input.span, into: &span, floats: &floats)
    var result: [UInt64] = []
    for start in stride(from: 0, to: output.count, by: to) {
        var value: UInt64 = 0
        for byte in 0..<to { value |= UInt64(output[start + byte]) << (8 * UInt64(byte)) }
        result.append(value)
    }
    return (result, fault)
}

private func littleEndian(_ value: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
}

private func isNaN(_ bits: UInt16, exponent: UInt16) -> Bool {
    bits & exponent == exponent && bits & ~exponent & 0x7FFF != 0
}

@Suite struct FloatCastTests {
    @Test func everyHalfBecomesItsFloat() throws {
        let all = (0...UInt64(UInt16.max)).map { $0 }
        let result = try cast(all, .f16, .f32)
        #expect(result.fault == nil)
        for (half, bits) in zip(all, result.bits) {
            let expected = Float(Float16(bitPattern: UInt16(half)))
            let found = Float(bitPattern: UInt32(bits))
            guard found.bitPattern == expected.bitPattern || found.isNaN && expected.isNaN else {
                Issue.record("\(half): \(found) instead of \(expected)")
                return
            }
        }
    }

    @Test func everyBrainFloatBecomesItsFloatAndBack() throws {
        let all = (0...UInt64(UInt16.max)).map { $0 }
        let widened = try cast(all, .bf16, .f32)
        #expect(widened.bits == all.map { $0 << 16 })
        let back = try cast(widened.bits, .f32, .bf16)
        #expect(back.fault == nil)
        let differing = zip(all, back.bits).filter { $0 != $1 && !isNaN(UInt16($0), exponent: 0x7F80) }
        #expect(differing.isEmpty)
        #expect(
            zip(all, back.bits).allSatisfy {
                isNaN(UInt16($0), exponent: 0x7F80) == isNaN(UInt16($1), exponent: 0x7F80)
            })
    }

    @Test func everyHalfComesBack() throws {
        let all = (0...UInt64(UInt16.max)).map { $0 }
        let back = try cast(try cast(all, .f16, .f32).bits, .f32, .f16)
        #expect(back.fault == nil)
        let differing = zip(all, back.bits).filter { $0 != $1 && !isNaN(UInt16($0), exponent: 0x7C00) }
        #expect(differing.isEmpty)
        #expect(
            zip(all, back.bits).allSatisfy {
                isNaN(UInt16($0), exponent: 0x7C00) == isNaN(UInt16($1), exponent: 0x7C00)
            })
    }

    /// Between every two halves: their middle goes to the even one, what is next to the middle to the nearer one.
    @Test func floatsRoundToTheNearestHalfAndTiesToEven() throws {
        var bits: [UInt64] = []
        var expected: [UInt64] = []
        for half in UInt16(0)..<0x7BFF {
            let low = Float(Float16(bitPattern: half))
            let middle = (low + Float(Float16(bitPattern: half + 1))) / 2
            for (value, result) in [
                (middle, half & 1 == 0 ? half : half + 1), (middle.nextDown, half), (middle.nextUp, half + 1),
            ] {
                bits += [UInt64(value.bitPattern), UInt64((-value).bitPattern)]
                expected += [UInt64(result), UInt64(result | 0x8000)]
            }
        }
        let result = try cast(bits, .f32, .f16)
        #expect(result.fault == nil)
        #expect(result.bits == expected)
    }

    @Test func floatsRoundToTheNearestBrainFloatAndTiesToEven() throws {
        var bits: [UInt64] = []
        var expected: [UInt64] = []
        for high in stride(from: UInt64(0), to: 0x7F7F, by: 7) {
            let middle = high << 16 | 0x8000
            bits += [middle, middle - 1, middle + 1, middle | 1 << 31]
            let even = high & 1 == 0 ? high : high + 1
            expected += [even, high, high + 1, even | 0x8000]
        }
        let result = try cast(bits, .f32, .bf16)
        #expect(result.fault == nil)
        #expect(result.bits == expected)
    }

    @Test func doublesGoThroughFloatsAsTorchHasThem() throws {
        // Just above the middle of two halves, by less than a float can say: torch's first rounding makes it the
        // middle, and the second goes to even.
        let tie = 1 + 0x1p-11 + 0x1p-40
        let result = try cast([tie.bitPattern, (1.5).bitPattern, (-0.0).bitPattern], .f64, .f16)
        #expect(result.bits == [0x3C00, 0x3E00, 0x8000])
        let floats = try cast([(0.1).bitPattern, 0x1p-149.bitPattern, 0x1p-160.bitPattern], .f64, .f32)
        #expect(floats.bits == [UInt64(Float(0.1).bitPattern), 1, 0])
    }

    @Test(arguments: [
        (
            DType.f32, CastType.f16, UInt64(Float(65520).bitPattern), UInt64(Float(65519.996).bitPattern),
            "65520.0"
        ),
        (.f32, .f16, UInt64(Float(-65520).bitPattern), UInt64(Float(-65504).bitPattern), "-65520.0"),
        (.bf16, .f16, 0x4780, 0x477F, "65536.0"),
        (.f32, .bf16, 0x7F7F_8000, 0x7F7F_7FFF, "3.3961775e+38"),
        (
            .f64, .f32, (3.4028235677973366e38).bitPattern, (3.4028235677973362e38).bitPattern,
            "3.4028235677973366e+38"
        ),
        (.f64, .f16, (1e300).bitPattern, (65504.0).bitPattern, "1e+300"),
        (.f64, .bf16, (3.4e38).bitPattern, (3.38e38).bitPattern, "3.4e+38"),
    ]) func firstNumberThatWouldBecomeInfiniteIsNamed(
        source: DType, target: CastType, over: UInt64, under: UInt64, text: String
    ) throws {
        let infinity: [DType: UInt64] = [
            .f32: 0x7F80_0000, .f64: 0x7FF0_0000_0000_0000, .bf16: 0x7F80, .f16: 0x7C00,
        ]
        let inf = try #require(infinity[source])
        let fine = try cast([under, inf, inf | 1, 0], source, target)
        #expect(fine.fault == nil)
        // Far behind the first part that is converted at a time.
        var values = [UInt64](repeating: under, count: 40_000)
        values[0] = inf
        values[20_001] = over
        values[39_999] = over
        #expect(try cast(values, source, target).fault == 20_001)
        let size = source.bitsPerElement / 8
        let bytes = littleEndian(over, size)
        let convert = try #require(FloatCast(from: source, to: target))
        #expect(convert.text(of: 0, in: bytes.span) == text)
    }

    @Test func infinitiesAndNaNsStay() throws {
        let nan = UInt64(Float.nan.bitPattern)
        let result = try cast([0x7F80_0000, 0xFF80_0000, nan, 0xFF80_0001], .f32, .f16)
        #expect(result.fault == nil)
        #expect(result.bits.prefix(2) == [0x7C00, 0xFC00])
        #expect(isNaN(UInt16(result.bits[2]), exponent: 0x7C00))
        #expect(isNaN(UInt16(result.bits[3]), exponent: 0x7C00) && result.bits[3] & 0x8000 != 0)
        let doubles = try cast([0x7FF0_0000_0000_0000, 0x7FF8_0000_0000_0000], .f64, .bf16)
        #expect(doubles.bits[0] == 0x7F80)
        #expect(isNaN(UInt16(doubles.bits[1]), exponent: 0x7F80))
    }

    @Test func otherTypesAreLeftAlone() {
        let cast = DType.allCases.filter { FloatCast(from: $0, to: .f16) != nil }
        #expect(cast == [.f16, .bf16, .f32, .f64])
    }

    @Test func infinitiesOf64BitsAreLookedAtOnce() throws {
        let cast = try #require(FloatCast(from: .f64, to: .f16))
        let count = 1 << 14
        var doubles = [Double](repeating: -.infinity, count: count)
        doubles[count - 1] = 65_520
        let bytes = doubles.flatMap { littleEndian($0.bitPattern, 8) }
        let floats = doubles.map { Float($0) }
        var (found, looked): (Int?, Int) = (nil, 0)
        found = cast.firstOverflow(floats.span, bytes.span) { numbers, limit, end in
            looked += numbers.count
            return numbers.indices.first {
                (limit..<end).contains(numbers[$0].bitPattern & 0x7FFF_FFFF)
            }
        }
        #expect(found == count - 1)
        #expect(looked == count)
    }
}
