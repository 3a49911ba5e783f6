import Testing

@testable import Tensors

@Suite struct BlockValidationTests {
    private func firstInvalid(_ type: GGMLType, _ bytes: [UInt8]) -> Int? {
        type.firstInvalidBlock(in: bytes.span)
    }

    /// Where a block has numbers in binary16, by its type's name.
    static let halves: [(GGMLType, [Int])] = [
        (.q40, [0]), (.q41, [0, 2]), (.q50, [0]), (.q51, [0, 2]), (.q80, [0]), (.q10, [0]), (.q20, [0]),
        (.q2K, [80, 82]), (.q3K, [108]), (.q4K, [0, 2]), (.q5K, [0, 2]), (.q6K, [208]), (.tq10, [52]),
        (.tq20, [64]), (.iq1S, [0]), (.iq2XXS, [0]), (.iq2XS, [0]), (.iq2S, [0]), (.iq3XXS, [0]),
        (.iq3S, [0]), (.iq4NL, [0]), (.iq4XS, [0]), (.f16, [0]),
    ]

    @Test(arguments: halves)
    func findsScalesThatAreNoNumbers(_ type: GGMLType, _ places: [Int]) {
        var blocks = [UInt8](repeating: 0x7B, count: 3 * type.blockSize)
        #expect(firstInvalid(type, blocks) == nil)
        for place in places {
            for half in [UInt16(0x7C00), 0xFC00, 0x7C01, 0xFFFF] {
                let index = type.blockSize + place
                blocks[index] = UInt8(half & 0xFF)
                blocks[index + 1] = UInt8(half >> 8)
                #expect(firstInvalid(type, blocks) == 1, "\(type.name), byte \(place)")
            }
            blocks[type.blockSize + place] = 0xFF
            blocks[type.blockSize + place + 1] = 0x7B
            #expect(firstInvalid(type, blocks) == nil)
        }
    }

    /// Only what is a scale counts: every other byte may have any value.
    @Test(arguments: halves)
    func otherBytesMayHaveAnyValue(_ type: GGMLType, _ places: [Int]) {
        var block = [UInt8](repeating: 0xFF, count: type.blockSize)
        for place in places { block[place + 1] = 0 }
        #expect(firstInvalid(type, block) == nil)
    }

    @Test func findsPlainNumbersThatAreNone() {
        func bytes(_ words: [UInt64], size: Int) -> [UInt8] {
            words.flatMap { word in (0..<size).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
        }
        let f32 = [UInt64](repeating: 0x7F7F_FFFF, count: 5000)
        #expect(firstInvalid(.f32, bytes(f32, size: 4)) == nil)
        for odd in [UInt64(0x7F80_0000), 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001] {
            #expect(firstInvalid(.f32, bytes(f32 + [odd, odd] + f32, size: 4)) == 5000)
        }
        #expect(firstInvalid(.bf16, bytes([0x7F7F, 0xFF7F, 0x7F80], size: 2)) == 2)
        // What 32 bits cannot hold is refused too.
        let limit = Double(Float.greatestFiniteMagnitude)
        #expect(firstInvalid(.f64, bytes([limit.bitPattern, Double.infinity.bitPattern], size: 8)) == 1)
        #expect(firstInvalid(.f64, bytes([1e38.bitPattern, (-1e39).bitPattern], size: 8)) == 1)
        #expect(firstInvalid(.i64, bytes([.max, .max], size: 8)) == nil)
    }

    @Test func findsOtherScales() {
        var block = [UInt8](repeating: 254, count: 17)
        #expect(firstInvalid(.mxfp4, block) == nil)
        block[0] = 255
        #expect(firstInvalid(.mxfp4, block) == 0)
        #expect(firstInvalid(.nvfp4, [UInt8](repeating: 255, count: 72)) == nil)
        // IQ1_M has the four digits of its scale in the upper four bits of words.
        var scales = [UInt8](repeating: 0xFF, count: 56)
        #expect(firstInvalid(.iq1M, scales) == 0)
        scales[53] = 0x7F
        #expect(firstInvalid(.iq1M, scales) == nil)
        scales[53] = 0xFF
        scales[55] = 0xBF
        #expect(firstInvalid(.iq1M, scales) == nil)
    }
}
