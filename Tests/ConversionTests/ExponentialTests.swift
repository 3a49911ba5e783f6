import Testing

@testable import Conversion

/// The digests are of what torch 2.13 gives on an AMD processor (`torch.exp` of a float32 tensor).
struct ExponentialTests {
    @Test func isTorchsForEveryBrainFloat() {
        let numbers = (0..<65_536).map { Float(bitPattern: UInt32($0) << 16) }.filter { $0.magnitude <= 87 }
        #expect(numbers.count == 34_142)
        #expect(Self.digest(numbers) == 0x6c0a_5cd2_53dc_a2f9)
    }

    @Test func isTorchsForNumbersOfAllBits() {
        var state: UInt64 = 1
        let numbers = (0..<100_000).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Double(state >> 40) * 0x1p-24 * 16 - 10)
        }
        #expect(Self.digest(numbers) == 0xf6c8_8334_4c26_56df)
    }

    @Test func isTorchsAtBothEnds() {
        let high = stride(from: UInt32(0x42ae_ac50), to: 0x42b2_f000, by: 97)
        let low = stride(from: UInt32(0xc2ae_ac50), to: 0xc2d1_0000, by: 97)
        #expect(
            Self.digest((Array(high) + Array(low)).map { Float(bitPattern: $0) }) == 0x9a7d_efc1_856c_7bb7)
        #expect(Exponential.value(Float(bitPattern: 0x42b1_7217)) < .infinity)
        #expect(Exponential.value(Float(bitPattern: 0x42b1_7218)) == .infinity)
        #expect(Exponential.value(.infinity) == .infinity)
        #expect(Exponential.value(-.infinity) == 0)
        #expect(Exponential.value(-1000) == 0)
        #expect(Exponential.value(.nan).isNaN)
    }

    /// The 64-bit FNV-1a hash of the results' bytes.
    private static func digest(_ numbers: [Float]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for number in numbers {
            let bits = Exponential.value(number).bitPattern
            for shift in stride(from: 0, to: 32, by: 8) {
                hash = (hash ^ UInt64((bits >> UInt32(shift)) & 0xff)) &* 0x100_0000_01b3
            }
        }
        return hash
    }
}
