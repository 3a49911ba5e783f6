/// SHA-256 (FIPS 180-4), for tests whose expected values are digests.
func sha256(_ bytes: [UInt8]) -> String {
    var state: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab,
        0x5be0_cd19,
    ]
    var message = bytes + [0x80]
    while message.count % 64 != 56 { message.append(0) }
    message += number(UInt64(bytes.count * 8), 8).reversed()
    func rotated(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
    var words = [UInt32](repeating: 0, count: 64)
    for block in stride(from: 0, to: message.count, by: 64) {
        for index in 0..<16 {
            words[index] = (0..<4).reduce(0) { $0 << 8 | UInt32(message[block + 4 * index + $1]) }
        }
        for index in 16..<64 {
            let (early, late) = (words[index - 15], words[index - 2])
            let first = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
            let second = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
            words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
        }
        var work = state
        for index in 0..<64 {
            let big = rotated(work[4], 6) ^ rotated(work[4], 11) ^ rotated(work[4], 25)
            let choice = work[4] & work[5] ^ ~work[4] & work[6]
            let one = work[7] &+ big &+ choice &+ roundConstants[index] &+ words[index]
            let small = rotated(work[0], 2) ^ rotated(work[0], 13) ^ rotated(work[0], 22)
            let majority = work[0] & work[1] ^ work[0] & work[2] ^ work[1] & work[2]
            work = [one &+ small &+ majority] + work[0..<3] + [work[3] &+ one] + work[4..<7]
        }
        for index in 0..<8 { state[index] = state[index] &+ work[index] }
    }
    return state.flatMap { number($0, 4).reversed() }.map {
        String($0 >> 4, radix: 16) + String($0 & 15, radix: 16)
    }.joined()
}

/// The first 32 bits of the fractions of the cube roots of the first 64 primes.
private let roundConstants: [UInt32] = {
    var primes: [UInt64] = []
    var candidate: UInt64 = 2
    while primes.count < 64 {
        if primes.allSatisfy({ !candidate.isMultiple(of: $0) }) { primes.append(candidate) }
        candidate += 1
    }
    return primes.map { prime in
        // The greatest whole number whose cube is at most prime * 2^96, bit by bit.
        var root: UInt64 = 0
        for bit in (0..<36).reversed() {
            let next = root | 1 << UInt64(bit)
            let square = next.multipliedFullWidth(by: next)
            // next has at most 36 bits, so its square has at most 72 and its cube at most 108.
            let low = square.low.multipliedFullWidth(by: next)
            let high = square.high * next + low.high
            if high < prime << 32 { root = next }
        }
        return UInt32(truncatingIfNeeded: root)
    }
}()
