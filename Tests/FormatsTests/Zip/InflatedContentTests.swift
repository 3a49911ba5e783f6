import TestSupport
import Testing

@testable import Formats

struct InflatedContentTests {
    /// One literal and so many copies of 258 times the byte before, in DEFLATE's fixed codes (RFC 1951, 3.2.6): 13 bits a
    /// copy.
    private func deflated(copies: Int) -> [UInt8] {
        var bits: [UInt8] = [1, 1, 0]
        func append(_ code: Int, _ count: Int) {
            for place in stride(from: count - 1, through: 0, by: -1) { bits.append(UInt8(code >> place & 1)) }
        }
        append(0x30 + 0x61, 8)
        for _ in 0..<copies {
            append(0b1100_0101, 8)
            append(0, 5)
        }
        append(0, 7)
        return stride(from: 0, to: bits.count, by: 8).map { start in
            bits[start..<min(start + 8, bits.count)].enumerated().reduce(0) { $0 | $1.element << $1.offset }
        }
    }

    private func length(_ bytes: [UInt8], allowance: Int) -> Int? {
        var content = InflatedContent<Never>(0..<bytes.count, allowance: allowance)
        return content.length { range in Array(bytes[range]) }
    }

    @Test func endsWhereFarMoreComesOutThanGoesIn() {
        let bytes = deflated(copies: 4000)
        // 158 times as much: more than 128 times and 64 KiB.
        #expect(length(bytes, allowance: 1 << 16) == nil)
        #expect(length(bytes, allowance: 1 << 18) == 4000 * 258 + 1)
    }

    @Test func readsNothingBehindTheBound() {
        let bytes = deflated(copies: 4000)
        var content = InflatedContent<Never>(0..<bytes.count, allowance: 0)
        let whole = 4000 * 258 + 1
        #expect(content.bytes(whole - 10..<whole) { range in Array(bytes[range]) }.isEmpty)
        var again = InflatedContent<Never>(0..<bytes.count, allowance: 0)
        #expect(again.bytes(0..<10) { range in Array(bytes[range]) } == Array(repeating: 0x61, count: 10))
    }
}
