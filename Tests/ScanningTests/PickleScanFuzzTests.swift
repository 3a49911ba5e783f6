import TestSupport
import Testing

@testable import Scanning

@Suite(.tags(.fuzz), .series) struct PickleScanFuzzTests {
    private static let seeds = [
        ("linear.pkl", "pickles"), ("onehot.joblib", "pickles"), ("mixed.joblib", "pickles"),
        ("zlib.joblib", "pickles"),
        ("objects-compressed.npz", "pickles"), ("objects.npy", "pickles"), ("values-0.pkl", "pickles"),
        ("hostile-pickle-and-tar.pt", "pickles"), ("old.pt", "torch"), ("plain-1.bin", "torch"),
    ]

    /// No damage may make the scanner trap, or let it forget an import that it still reads.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func survivesDamage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let (name, folder) = Self.seeds[Int(seed) % Self.seeds.count]
        let original = fixture(name, in: folder)
        for _ in 0..<12 {
            var bytes = original
            damageNumbers(&bytes, with: &random)
            _ = pickleScan(bytes, name)
        }
    }

    /// Whatever comes before: a call at the end of what is still a pickle is found.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func findsTheCallBehindNoise(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let harmless: [[UInt8]] = [
            [0x4E], [0x5D], [0x7D], [0x29], [0x4B, 7], [0x4D, 1, 2], [0x8C, 1, 0x61],
            [0x58, 2, 0, 0, 0, 0x6F, 0x73],
            [0x43, 2, 0x2E, 0x2E], [0x47, 0, 0, 0, 0, 0, 0, 0, 0], Array("I1\n".utf8), Array("S'os'\n".utf8),
            [0x88],
            [0x94], [0x71, 9], [0x32], [0x28, 0x31], [0x28, 0x74], [0x28, 0x6C], [0x28, 0x64], [0x8A, 1, 5],
        ]
        var bytes: [UInt8] = [0x80, 4, 0x4E]
        for _ in 0..<200 { bytes += harmless.randomElement(using: &random) ?? [] }
        bytes += Array("cos\nsystem\n(S'id'\ntR.".utf8)
        #expect(pickleScan(bytes)?.refused == ["os.system"])
    }

    /// Numbers and the headers of safetensors hold any bytes, and are no pickles for it.
    @Test func takesNoNumbersForPickles() {
        var random = SeededGenerator(seed: 3)
        for low in UInt8.min...UInt8.max {
            let numbers = (0..<2000).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            let header: [UInt8] = [low, 2, 0, 0, 0, 0, 0, 0] + Array("{\"a\":{\"dtype\":\"F32\"}}".utf8)
            #expect(pickleScan(header + numbers, "model-00003-of-00005.safetensors") == nil)
            #expect(pickleScan([low == 0x80 ? 0 : low] + numbers, "numbers.raw") == nil)
        }
    }

    /// The windows in which a file is read change nothing.
    @Test func readsTheSameInSmallWindows() {
        for (name, folder) in Self.seeds where name.hasSuffix(".pkl") {
            let bytes = fixture(name, in: folder)
            var whole = PickleScanner(at: 0, readsArrays: true)
            whole.scan(bytes.span, atEnd: true)
            var pieces = PickleScanner(at: 0, readsArrays: true)
            var length = 300
            while pieces.state == .running, pieces.position < bytes.count {
                let start = pieces.position
                let end = min(bytes.count, start + length)
                let window = Array(bytes[start..<end])
                pieces.scan(window.span, atEnd: end == bytes.count)
                // An instruction may be longer than the window.
                length = pieces.position == start ? length * 2 : 300
                guard length <= bytes.count * 4 else { break }
            }
            #expect(pieces.state == whole.state)
            #expect(pieces.harmless == whole.harmless)
            #expect(pieces.position == whole.position)
        }
    }

    /// A pickle that keeps everything by number, and one whose values all wait, come to a bound.
    @Test func boundsWhatWaits() {
        var scanner = PickleScanner(at: 0, readsArrays: false)
        let window = [UInt8](repeating: 0x28, count: ScanStack.maximumMarks + 1)
        scanner.scan(window.span, atEnd: false)
        guard case .beyond = scanner.state else {
            Issue.record("marks have a bound")
            return
        }
        var stack = ScanStack()
        for key in 0..<ScanStack.maximumStray { _ = stack.remember(key * 2 + 2, .data) }
        let isKept = stack.remember(ScanStack.maximumStray * 2 + 2, .data)
        #expect(!isKept)
    }
}
