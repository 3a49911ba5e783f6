import TestSupport
import Testing

@testable import Formats

struct InflateTests {
    private func inflated(_ bytes: [UInt8], room: Int = 4096) -> (bytes: [UInt8], state: Inflate.State) {
        var inflate = Inflate()
        var result: [UInt8] = []
        var block = zeros(room)
        while true {
            let count = inflate.next(into: &block) { taken in
                Array(bytes[min(taken, bytes.count)..<min(bytes.count, taken + 7)])
            }
            if count == 0 { break }
            result += block[..<count]
        }
        return (result, inflate.state)
    }

    @Test func readsStoredBlocks() {
        #expect(inflated([1, 3, 0, 0xFC, 0xFF, 0x61, 0x62, 0x63]).bytes == Array("abc".utf8))
        #expect(inflated([1, 3, 0, 0xFC, 0xFE, 0x61, 0x62, 0x63]).state == .broken)
    }

    @Test func readsFixedCodes() {
        // zlib.compress(b"aaaaaaaaaa", 9)[2:-4]
        #expect(inflated([0x4B, 0x4C, 0x84, 0x01, 0x00], room: 3).bytes == Array("aaaaaaaaaa".utf8))
    }

    @Test func readsCodesOfItsOwn() {
        let archive = fixture("zlib.joblib", in: "pickles")
        let (bytes, state) = inflated(Array(archive.dropFirst(2)))
        #expect(state == .finished)
        #expect(bytes.starts(with: [0x80, 4, 0x95]) && bytes.last == 0x2E)
    }

    @Test func tellsWhatEndsTooEarly() {
        let archive = fixture("zlib.joblib", in: "pickles")
        #expect(inflated(Array(archive[2..<archive.count / 2])).state == .broken)
    }

    @Test(arguments: 0..<30 as Range<UInt64>)
    func survivesDamage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = Array(fixture("zlib.joblib", in: "pickles").dropFirst(2))
        for _ in 0..<4 {
            bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
        }
        _ = inflated(bytes, room: 1000)
    }
}
