import TestSupport
import Testing

@testable import Formats
@testable import Scanning

/// Programs in files that the formats' own libraries wrote; see `fixtures/programs/make.py`.
@Suite struct ProgramScanTests {
    private func scan(_ name: String, _ bytes: [UInt8], yaml: JSON? = nil) -> ProgramScan? {
        ProgramScan.read(name: name, fileSize: bytes.count, yaml: { _ in yaml }, bytes: { Array(bytes[$0]) })
    }

    private func messages(_ name: String) -> [String] {
        let bytes = fixture(name, in: "programs")
        #expect(!bytes.isEmpty)
        return scan(name, bytes)?.findings.map(\.message) ?? ["no format"]
    }

    @Test(arguments: [
        "plain.keras", "functional.keras", "plain.h5", "plain.onnx", "function.onnx", "plain.skops",
        "forest.skops",
    ]) func ordinaryModelsHaveNoProgram(_ name: String) {
        #expect(messages(name) == [])
    }

    @Test func weightsAloneAreNoFormatWithPrograms() {
        for name in ["plain.weights.h5", "plain.pt"] { #expect(messages(name) == ["no format"]) }
    }

    @Test(arguments: [
        "lambda.keras", "lambda.h5", "v0-variable.h5", "v0-many.h5", "v3-variable.h5", "v3-fixed.h5",
        "v3-dense.h5",
        "userblock.h5",
    ]) func lambdaLayersAreFoundHoweverTheFileKeepsThem(_ name: String) {
        #expect(messages(name).contains("it has a Lambda layer, whose code is executed"))
    }

    @Test func operatorsFromElsewhereAreFound() {
        #expect(messages("custom.onnx").first?.contains("PyOp is of the domain ai.onnx.contrib") == true)
        #expect(messages("nested.onnx").first?.contains("Evil is of the domain evil") == true)
        #expect(messages("outside.onnx") == ["its data is in a file elsewhere: ../../etc/passwd"])
    }

    @Test func programsInArchivesAreFound() {
        #expect(messages("script.pt").first?.contains("TorchScript program") == true)
        #expect(messages("exported.pt2").first?.contains("program of torch.export") == true)
        #expect(messages("system.skops").contains { $0.contains("system") })
    }

    /// Bytes of every fixture are changed at random places: no trap, and nothing that never ends.
    @Test(arguments: [
        "lambda.h5", "v0-many.h5", "v3-dense.h5", "v3-fixed.h5", "userblock.h5", "plain.keras", "nested.onnx",
        "outside.onnx", "plain.skops", "exported.pt2",
    ]) func changedFilesAreReadToAnEnd(_ name: String) {
        let original = fixture(name, in: "programs")
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % max(1, limit)
        }
        for _ in 0..<150 {
            var bytes = original
            for _ in 0...next(6) { bytes[next(bytes.count)] = UInt8(truncatingIfNeeded: next(256)) }
            if next(4) == 0 { bytes.removeLast(next(bytes.count)) }
            _ = scan(name, bytes)
        }
    }

    /// What should be a model and cannot be read is a finding, never clean.
    @Test(arguments: ["a.keras", "a.skops", "a.mar", "a.pt2", "a.nemo", "a.onnx", "saved_model.pb"])
    func whatCannotBeReadIsAFinding(_ name: String) {
        for bytes in [zeros(600), Array("no model at all".utf8), [0x50, 0x4B, 3, 4] + zeros(40)] {
            #expect(scan(name, bytes)?.findings.first?.isUnreadable == true, "\(name)")
        }
        #expect(
            scan("a.h5", HDF5File<Never>.signature + [9] + zeros(200))?.findings.first?.isUnreadable == true)
    }

    @Test func headersThatLeadBackToThemselvesEnd() {
        // A superblock of version 0, and a root header whose continuation is the header's own messages.
        let superblock =
            HDF5File<Never>.signature + [0, 0, 0, 0, 0, 8, 8, 0] + number(4, 2) + number(16, 2) + number(0, 4)
            + number(0, 8) + number(.max, 8) + number(200, 8) + number(.max, 8) + number(0, 8) + number(96, 8)
            + zeros(24)
        let header = [1, 0] + number(1, 2) + number(1, 4) + number(24, 4) + zeros(4)
        let message = number(0x10, 2) + number(16, 2) + zeros(4) + number(112, 8) + number(24, 8)
        let bytes = superblock + header + message + zeros(64)
        let found = scan("a.h5", bytes)?.findings.map(\.message) ?? []
        #expect(found.first?.contains("leads back to itself") == true, "\(found)")
    }

    @Test func manifestsOfTorchServeNameTheirCode() throws {
        let own = try JSON.parse(Array(#"{"model": {"handler": "image_classifier", "modelName": "a"}}"#.utf8))
        #expect(TorchServeManifest.messages(own) == [])
        let foreign = try JSON.parse(
            Array(
                #"{"model": {"handler": "h.py:go", "modelFile": "m.py", "requirementsFile": "r.txt"}}"#.utf8))
        #expect(TorchServeManifest.messages(foreign).count == 3)
        #expect(TorchServeManifest.messages([:]).count == 1)
    }

    @Test func targetsAreFoundUnderAnyValue() throws {
        let json = try JSON.parse(
            Array(
                #"{"a": [{"_target_": "os.system"}], "\u005ftarget_": "b.c", "m": {"target": "x.Y", "params": {}}, "target": 1}"#
                    .utf8))
        #expect(NamedTargets.all(in: json).map(\.value) == ["os.system", "b.c", "x.Y"])
    }
}
