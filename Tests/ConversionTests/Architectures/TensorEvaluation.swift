import Tensors

@testable import Conversion

/// The elements of a value, computed plainly: what every faster reader has to equal.
/// - Parameter source: all elements of a tensor of the checkpoint, row by row.
func evaluate(_ value: TensorValue, _ source: (Int) throws -> [Float]) rethrows -> [Float] {
    var result: [Float] = []
    switch value.content {
    case .numbers(let numbers): result = numbers
    case .views(let views):
        for view in views {
            let elements = try source(view.tensor)
            let (length, step) = (view.shape.last ?? 1, view.strides.last ?? 0)
            var index = [Int](repeating: 0, count: max(view.shape.count - 1, 0))
            for _ in 0..<(length == 0 ? 0 : view.count / length) {
                let start = zip(index, view.strides).reduce(view.offset) { $0 + $1.0 * $1.1 }
                for place in 0..<length { result.append(elements[start + place * step]) }
                for axis in index.indices.reversed() {
                    index[axis] += 1
                    if index[axis] < view.shape[axis] { break }
                    index[axis] = 0
                }
            }
        }
    }
    for operation in value.operations {
        switch operation {
        case .add(let number): result = result.map { $0 + number }
        case .multiply(let number): result = result.map { $0 * number }
        }
    }
    return result
}

/// SHA-256 (FIPS 180-4) of bytes, in hexadecimal.
func sha256(_ bytes: [UInt8]) -> String {
    var message = bytes + [0x80]
    while message.count % 64 != 56 { message.append(0) }
    for shift in stride(from: 56, through: 0, by: -8) {
        message.append(UInt8(truncatingIfNeeded: (bytes.count * 8) >> shift))
    }
    // The first 32 bits of the fractional parts of the square and cube roots of the first primes.
    let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
    func fraction(_ root: Double) -> UInt32 { UInt32((root - root.rounded(.down)) * 4_294_967_296) }
    var state = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
    let constants = primes.prefix(64).map { prime in
        // The whole part of 2^32 times the root, bit by bit: its cube is at most 2^96 times the prime.
        var root = UInt64(0)
        for bit in (0..<36).reversed() {
            let trial = root | 1 << UInt64(bit)
            let square = trial.multipliedFullWidth(by: trial)
            let cube = square.low.multipliedFullWidth(by: trial)
            if square.high &* trial &+ cube.high < UInt64(prime) << 32 { root = trial }
        }
        return UInt32(truncatingIfNeeded: root)
    }
    var words = [UInt32](repeating: 0, count: 64)
    func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
    for start in stride(from: 0, to: message.count, by: 64) {
        for place in 0..<16 {
            let byte = start + 4 * place
            words[place] =
                UInt32(message[byte]) << 24 | UInt32(message[byte + 1]) << 16 | UInt32(message[byte + 2]) << 8
                | UInt32(message[byte + 3])
        }
        for place in 16..<64 {
            let (old, new) = (words[place - 15], words[place - 2])
            let first = rotated(old, 7) ^ rotated(old, 18) ^ old >> 3
            let second = rotated(new, 17) ^ rotated(new, 19) ^ new >> 10
            words[place] = words[place - 16] &+ first &+ words[place - 7] &+ second
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for place in 0..<64 {
            let choice = (e & f) ^ (~e & g)
            let first =
                h &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ constants[place]
                &+ words[place]
            let majority = (a & b) ^ (a & c) ^ (b & c)
            let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
        }
        for (place, word) in [a, b, c, d, e, f, g, h].enumerated() { state[place] &+= word }
    }
    return state.map { word in
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }.joined()
}
