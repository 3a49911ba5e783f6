import Testing

@testable import Conversion

/// The digests are of what torch 2.13 gives on an AMD processor for the same float32 tensors.
struct TorchFunctionTests {
    @Test func sineAndCosineAreTorchs() {
        let numbers = Self.random(100_000).map { Float(Double($0 >> 40) * 0x1p-24 * 2048) }
        #expect(Self.digest(numbers.map(Sine.sine)) == 0xa2a1_92fa_4dbf_eb62)
        #expect(Self.digest(numbers.map(Sine.cosine)) == 0x31d7_533f_28ac_efbe)
        for number: Float in [-1, 2049, .infinity, .nan] {
            #expect(Sine.sine(number).isNaN)
            #expect(Sine.cosine(number).isNaN)
        }
    }

    @Test func squareRootIsTorchs() {
        let numbers = Self.random(100_000).map {
            Float(bitPattern: 0x0080_0000 + UInt32(truncatingIfNeeded: ($0 >> 33) % 0x7e80_0000))
        }
        #expect(Self.digest(numbers.map(SquareRoot.value)) == 0xe8b9_9201_6f7f_6cd6)
        // One in six is not the nearest float.
        #expect((10_000...25_000).contains(numbers.count { SquareRoot.value($0) != $0.squareRoot() }))
        #expect(SquareRoot.value(0) == 0)
        #expect(SquareRoot.value(.infinity) == .infinity)
        #expect(SquareRoot.value(-1).isNaN)
        #expect(SquareRoot.value(.leastNonzeroMagnitude) > 0)
    }

    @Test func softplusIsTorchs() {
        let numbers = Self.random(99_968).map { Float(Double($0 >> 40) * 0x1p-24 * 60 - 30) }
        #expect(Self.digest(numbers.map(Softplus.value)) == 0x2db6_77db_4aca_14ba)
        #expect(Softplus.value(-200) == 0)
        #expect(Softplus.value(21) == 21)
        #expect(Softplus.value(.infinity) == .infinity)
        #expect(Softplus.value(-.infinity) == 0)
        #expect(Softplus.value(.nan).isNaN)
    }

    @Test(arguments: [(896, UInt64(0x1335_d58d_2327_cf5a)), (1280, 0x268e_55a4_e09a_9346)])
    func positionsAreTheReferences(width: Int, digest: UInt64) throws {
        let positions = try OmniSound.positions(width: width)
        var numbers: [Float] = []
        if case .numbers(let found) = positions.value.content { numbers = found }
        #expect(positions.value.shape == [1500, width])
        #expect(Self.digest(stride(from: 0, to: numbers.count, by: 97).map { numbers[$0] }) == digest)
    }

    private static func random(_ count: Int) -> [UInt64] {
        var state: UInt64 = 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state
        }
    }

    /// The 64-bit FNV-1a hash of the numbers' bytes.
    private static func digest(_ numbers: [Float]) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for number in numbers {
            for shift in stride(from: 0, to: 32, by: 8) {
                hash = (hash ^ UInt64((number.bitPattern >> UInt32(shift)) & 0xff)) &* 0x100_0000_01b3
            }
        }
        return hash
    }
}
