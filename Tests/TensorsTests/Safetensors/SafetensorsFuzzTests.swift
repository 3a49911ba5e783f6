import Testing

@testable import Tensors

/// Random damage to headers: an error or a result, never a trap, and a result keeps the format's promises.
struct SafetensorsFuzzTests {
    private static let seeds = [
        #"{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F4","shape":[2,2],"data_offsets":[4,6]}}"#,
        #"{"a\u00e9":{"dtype":"I64","shape":[],"data_offsets":[0,8],"x":[1,{"y":null}]}}"#,
        "{}   ",
    ]

    @Test(arguments: 0..<20 as Range<UInt64>)
    func neverTraps(seed: UInt64) {
        var random = SplitMix64(state: seed)
        for _ in 0..<1000 {
            let header = Array(Self.seeds[Int.random(in: 0..<3, using: &random)].utf8)
            let data = [6, 8, 0][Int.random(in: 0..<3, using: &random)]
            var bytes =
                [UInt8(header.count), 0, 0, 0, 0, 0, 0, 0] + header + [UInt8](repeating: 0, count: data)
            damage(&bytes, with: &random)
            guard let read = try? SafetensorsHeader.parse(bytes.span, fileSize: bytes.count) else { continue }
            var end = 0
            for tensor in read.tensors {
                #expect(tensor.bytes.lowerBound == end)
                #expect(tensor.elementCount * tensor.dtype.bitsPerElement == tensor.bytes.count * 8)
                end = tensor.bytes.upperBound
            }
            #expect(read.dataStart + end == bytes.count)
        }
    }
}

/// A generator that gives the same sequence for the same seed (SplitMix64, Steele et al. 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// One to three random changes: a bit flipped, a range removed, doubled or cut off, a hostile word put in.
func damage(_ bytes: inout [UInt8], with random: inout SplitMix64) {
    let words = [
        "9223372036854775807", "18446744073709551615", "-1", "-0", "1e999", "\"", "\\ud800", "[[[[", "{", "0",
        ",", "null", "\u{0}", "\u{E9}",
    ]
    for _ in 0..<Int.random(in: 1...3, using: &random) {
        guard !bytes.isEmpty else { return }
        let position = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, position + Int.random(in: 1...16, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(position..<end)
        case 3: bytes.insert(contentsOf: bytes[position..<end], at: position)
        case 4: bytes.removeSubrange(position...)
        default:
            bytes.insert(contentsOf: Array((words.randomElement(using: &random) ?? "").utf8), at: position)
        }
    }
}
