import Testing

@testable import Kernels
@testable import Tensors

@Suite struct HalfPrecisionTests {
    private func halves(_ name: String) -> [UInt16] {
        let bytes = Vectors.bytes(name)
        return stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
    }

    @Test func roundsAsTheReferenceDoes() {
        let input = Vectors.floats("cvt_in.f32")
        #expect(input.count > 4000)
        #expect(input.map(HalfPrecision.float16) == halves("cvt_f16.u16"))
        #expect(input.map(HalfPrecision.bfloat16) == halves("cvt_bf16.u16"))
    }

    @Test func everyBinary16IsReadExactlyAndWrittenAgain() {
        for half in UInt16.min...UInt16.max {
            let value = HalfPrecision.float(float16: half)
            let expected = Float(Float16(bitPattern: half))
            if expected.isNaN {
                #expect(value.isNaN && value.sign == expected.sign)
            } else if value.bitPattern != expected.bitPattern
                || HalfPrecision.float16(value) != half
            {
                Issue.record("\(half)")
            }
        }
    }

    @Test func roundsRandomBitsAsTheProcessorDoes() {
        var state: UInt32 = 1
        for _ in 0..<200_000 {
            state = state &* 1_664_525 &+ 1_013_904_223
            let value = Float(bitPattern: state)
            let expected = Float16(value)
            let found = HalfPrecision.float16(value)
            if expected.isNaN ? found & 0x7FFF != 0x7E00 : found != expected.bitPattern {
                Issue.record("\(state)")
            }
        }
    }

    @Test func doublesAreWidenedAndReadBack() throws {
        let numbers: [Float] = [0, -0.0, 1.5, Float(bitPattern: 2000), 3e38, .infinity]
        let bytes = quantized(F64Format.self, numbers, rowLength: numbers.count)
        #expect(dequantized(F64Format.self, bytes) == numbers)
    }
}
