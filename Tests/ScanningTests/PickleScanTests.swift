import TestSupport
import Testing

@testable import Scanning

/// Looks at bytes as if they were a file.
func pickleScan(_ bytes: [UInt8], _ name: String = "x.pkl") -> PickleScan? {
    PickleScan.read(name: name, fileSize: bytes.count) { Array(bytes[$0]) }
}

struct PickleScanTests {
    private func scan(_ text: String, _ name: String = "x.pkl") throws -> PickleScan {
        try #require(pickleScan(Array(text.utf8), name))
    }

    /// SHORT_BINUNICODE
    private func word(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }

    private func stackGlobal(_ module: String, _ name: String) -> [UInt8] {
        word(module) + word(name) + [0x93]
    }

    @Test(arguments: [
        "linear.pkl", "onehot.joblib", "mixed.joblib", "zlib.joblib", "objects.npy", "objects-compressed.npz",
        "values-0.pkl", "values-5.pkl",
    ])
    func passesWhatOnlyBuildsData(name: String) throws {
        let scan = try #require(pickleScan(fixture(name, in: "pickles"), name))
        #expect(scan.findings == [])
        #expect(scan.verdict == .harmless)
        #expect(!scan.globals.isEmpty && scan.refused.isEmpty)
    }

    @Test(arguments: ["plain-1.bin", "plain-5.bin", "training.pt", "old.pt"])
    func passesCheckpoints(name: String) throws {
        let scan = try #require(pickleScan(fixture(name, in: "torch"), name))
        #expect(scan.findings == [])
        #expect(scan.format == (name == "old.pt" ? "PyTorch checkpoint of before 1.6" : "PyTorch archive"))
    }

    @Test(arguments: [
        "hostile-zip-encrypted-flag.pt", "hostile-zip-local-name.pt", "hostile-joblib-in-array.joblib",
        "hostile-pickle-and-tar.pt", "hostile-frame-decoy.pkl",
    ])
    func findsWhatReadersDisagreeAbout(name: String) throws {
        let scan = try #require(pickleScan(fixture(name, in: "pickles"), name))
        #expect(scan.verdict != .harmless)
    }

    @Test func namesWhatIsImportedByText() throws {
        let found = try scan("cos\nsystem\n(S'echo'\ntR.")
        #expect(found.verdict == .refused)
        #expect(found.refused == ["os.system"])
        #expect(found.findings.first?.offset == 0)
        #expect(try scan("(S'echo'\nipty\nspawn\n.").refused == ["pty.spawn"])
    }

    @Test func namesWhatIsAssembledThroughTheMemo() throws {
        // BINPUT 5, BINPUT 3, then BINGET in the right order.
        let bytes =
            [0x80, 4] + word("os") + [0x71, 5] + word("system") + [
                0x71, 3, 0x30, 0x30, 0x68, 5, 0x68, 3, 0x93, 0x2E,
            ]
        #expect(pickleScan(bytes)?.refused == ["os.system"])
    }

    @Test func countsMemoizedKeysOnce() {
        let bytes =
            [0x80, 4] + word("a") + [0x71, 0, 0x71, 0] + word("os") + [0x94] + word("system") + [0x94]
            + [0x30, 0x30, 0x30, 0x68, 1, 0x68, 2, 0x93, 0x2E]
        #expect(pickleScan(bytes)?.refused == ["os.system"])
    }

    @Test func refusesNamesThatAreNotKnown() {
        // The name comes out of a memo's key that was never set.
        let bytes = [0x80, 4] + word("collections") + [0x68, 9, 0x93, 0x2E]
        #expect(pickleScan(bytes)?.refused == ["collections.?"])
    }

    @Test func refusesWalksAlongAttributes() {
        let bytes = [0x80, 4] + stackGlobal("collections", "OrderedDict.__init__") + [0x2E]
        #expect(pickleScan(bytes)?.verdict == .refused)
    }

    @Test func refusesChangesOfWhatItImports() {
        let bytes = [0x80, 4] + stackGlobal("collections", "OrderedDict") + [0x4E, 0x7D, 0x86, 0x62, 0x2E]
        #expect(pickleScan(bytes)?.findings.map(\.message) == ["the pickle changes a class or function"])
    }

    @Test func refusesCallsOfWhatWasCalled() {
        let bytes = [0x80, 4] + stackGlobal("collections", "OrderedDict") + [0x29, 0x52, 0x29, 0x52, 0x2E]
        #expect(pickleScan(bytes)?.verdict == .refused)
    }

    @Test func refusesOddCodecs() {
        func encoding(_ codec: String) -> PickleScan.Verdict? {
            pickleScan(
                [0x80, 2] + stackGlobal("_codecs", "encode") + word("x") + word(codec) + [0x86, 0x52, 0x2E])?
                .verdict
        }
        #expect(encoding("latin1") == .harmless)
        #expect(encoding("rot13") == .refused)
    }

    @Test func looksPastTheFirstPickle() throws {
        #expect(try scan("N.N.cos\nsystem\n(tR.").refused == ["os.system"])
        #expect(try scan("N.\n").verdict == .harmless)
        #expect(try scan("N.\0\0\0\0\0\0\0\0\0").verdict == .unreadable)
    }

    @Test func saysWhereReadingEnds() throws {
        #expect(try scan("NN").findings.map(\.offset) == [2])
        #expect(try scan("N\u{1}.").findings.map(\.offset) == [1])
        #expect(try scan("R.").verdict == .unreadable)
    }

    @Test func tellsPicklesByTheirContent() {
        let pickle = [0x80, 4] + stackGlobal("os", "system") + word("id") + [0x85, 0x52, 0x2E]
        for name in ["weights.bin", "config.json", "model.safetensors", "x"] {
            #expect(pickleScan(pickle, name)?.verdict == .refused)
        }
        #expect(pickleScan(Array("cos\nsystem\n(S'id'\ntR.".utf8), "README.md")?.verdict == .refused)
    }

    @Test(arguments: ["Computer vision\nfor all\n(t", "{\"a\": 1}", "", "NNNN", "I am a text\nof lines\n"])
    func takesOtherFilesForWhatTheyAre(text: String) {
        #expect(pickleScan(Array(text.utf8), "README.md") == nil)
        #expect(pickleScan(Array(text.utf8), "weights.bin") == nil)
    }

    @Test func takesTensorsForWhatTheyAre() {
        for name in ["tiny.safetensors", "tiny.gguf", "arrays.npz"] {
            #expect(pickleScan(fixture(name), name) == nil)
        }
    }

    @Test func looksIntoTarArchives() throws {
        var header = [UInt8](repeating: 0, count: 512)
        let pickle = Array("cos\nsystem\n(S'id'\ntR.".utf8)
        for (index, byte) in "weights.pkl".utf8.enumerated() { header[index] = byte }
        for (index, byte) in "00000000025\0".utf8.enumerated() { header[124 + index] = byte }
        header[156] = 0x30
        for index in 148..<156 { header[index] = 0x20 }
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        for (index, byte) in "\(String(repeating: "0", count: 6 - sum.utf8.count))\(sum)\0".utf8.enumerated()
        {
            header[148 + index] = byte
        }
        let archive = header + pickle + zeros(512 - pickle.count) + zeros(1024)
        let scan = try #require(pickleScan(archive, "model.nemo"))
        #expect(scan.refused == ["os.system"])
        #expect(scan.findings.first?.member == "weights.pkl")
        let short = try #require(pickleScan(Array(archive.dropLast(1400)), "model.nemo"))
        #expect(short.refused == ["os.system"])
        #expect(pickleScan(Array(archive.prefix(520)), "model.nemo")?.verdict == .unreadable)
    }

    @Test func keepsTextsThatTerminalsWouldObey() throws {
        let found = try scan("cos\u{1B}[2J\nsystem\n(tR.")
        #expect(found.refused == ["os\\u{1b}[2J.system"])
    }
}
