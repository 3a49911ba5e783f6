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

    /// A block of the user's that begins as another archive does, and a name that decides against the bytes.
    @Test func filesOfTwoFormatsAreReadAsBoth() {
        let model = fixture("userblock.h5", in: "programs")
        let starts = [
            Array(tar([("x", 0x30, [])]).prefix(512)), [0x50, 0x4B, 3, 4] + zeros(508),
            [0x1F, 0x8B] + zeros(510),
        ]
        for start in starts {
            let found = scan("a.h5", start + model.dropFirst(512))?.findings.map(\.message) ?? []
            #expect(found.contains("it has a Lambda layer, whose code is executed"), "\(found)")
        }
        #expect(scan("a.onnx", Array(tar([("x", 0x30, [])])))?.format == "ONNX model")
        #expect(scan("saved_model.pb", [0x50, 0x4B, 3, 4] + zeros(99))?.findings.isEmpty == false)
    }

    @Test func operatorsFromElsewhereAreFound() {
        #expect(messages("custom.onnx").first?.contains("PyOp is of the domain ai.onnx.contrib") == true)
        #expect(messages("nested.onnx").first?.contains("Evil is of the domain evil") == true)
        #expect(messages("outside.onnx") == ["its data is in a file elsewhere: ../../etc/passwd"])
    }

    private func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
        [number << 3 | 2, UInt8(content.count)] + content
    }

    /// A colon is a part of a tensor's name, which names its file; a drive and a URL have one, too.
    @Test(arguments: [
        ("onnx__MatMul:7", false), ("data/encoder:0.weight", false), ("model.onnx_data", false),
        ("C:weights", true), ("c:\\weights", true), ("file://host/weights", true), ("https:/host", true),
        ("/weights", true), ("a/../../weights", true), ("a\\..\\weights", true), ("", true),
    ]) func dataElsewhereIsToldFromDataBesideTheModel(_ place: String, _ isElsewhere: Bool) {
        // ModelProto.graph (7), GraphProto.initializer (5), TensorProto.external_data (13): a key (1) and a value (2).
        let entry = field(13, field(1, Array("location".utf8)) + field(2, Array(place.utf8)))
        let found = scan("model.onnx", field(7, field(5, entry)))?.findings.map(\.message)
        #expect(found == (isElsewhere ? ["its data is in a file elsewhere: \(place)"] : []))
    }

    /// A `GraphDef` of TensorFlow's: nodes with a name (1) and an operator (2).
    private func frozen(_ operators: [String]) -> [UInt8] {
        operators.flatMap { name in
            field(1, field(1, Array("node".utf8)) + field(2, Array(name.utf8)))
        }
    }

    @Test func graphsByThemselvesAreReadAsThoseOfSavedModels() {
        #expect(
            scan("frozen_inference_graph.pb", frozen(["Placeholder", "MatMul"]))?.findings.isEmpty == true)
        for name in ["frozen_inference_graph.pb", "graph.PB"] {
            let found = scan(name, frozen(["Placeholder", "WriteFile"]))?.findings.map(\.message) ?? []
            #expect(found.first?.contains("WriteFile") == true, "\(found)")
        }
        // TensorFlow reads nothing of a graph that breaks off, but other readers do.
        let cut = Array(frozen(["MatMul", "MatMul"]).dropLast(2))
        #expect(scan("a.pb", cut)?.findings.first?.isUnreadable == true)
    }

    @Test func otherProtobufsAreNoGraphs() {
        for bytes in [Array("no protobuf at all".utf8), [0x0A, 3, 0x61, 0x62, 0x63], zeros(40), [0x08, 1]] {
            #expect(scan("a.pb", bytes) == nil)
        }
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
        var random = SeededGenerator(seed: 1)
        for _ in 0..<300 {
            var bytes = original
            damageNumbers(&bytes, with: &random)
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

    /// Sizes and addresses at the end of what 63 bits hold.
    @Test func addressesThatAddUpToMoreThanANumberHoldsAreRefused() {
        let superblock =
            HDF5File<Never>.signature + [0, 0, 0, 0, 0, 8, 8, 0] + number(4, 2) + number(16, 2) + number(0, 4)
            + number(0, 8) + number(.max, 8) + number(1024, 8) + number(.max, 8) + number(0, 8)
            + number(96, 8) + zeros(24)
        // An attribute whose text of variable length is in a global heap of 2^63 - 1 bytes.
        let attribute =
            [1, 0] + number(13, 2) + number(8, 2) + number(4, 2) + Array("model_config".utf8) + zeros(4)
            + [0x19, 1, 0, 0] + number(16, 4) + [1, 0, 0, 0] + zeros(4) + number(5, 4) + number(200, 8)
            + number(7, 4)
        let header = [1, 0] + number(1, 2) + number(1, 4) + number(UInt64(attribute.count + 8), 4) + zeros(4)
        let message = number(0x0C, 2) + number(UInt64(attribute.count), 2) + zeros(4) + attribute
        let heap =
            Array("GCOL".utf8) + [1, 0, 0, 0] + number(UInt64(Int.max), 8) + number(1, 2) + zeros(6)
            + number(UInt64(Int.max - 32), 8)
        var bytes = superblock + header + message
        bytes += zeros(200 - bytes.count) + heap + zeros(1024)
        let found = scan("a.h5", bytes)?.findings.map(\.message) ?? []
        #expect(found.first?.contains("a global heap was expected") == true, "\(found)")
    }

    private func tar(_ members: [(name: String, kind: UInt8, content: [UInt8])]) -> [UInt8] {
        members.flatMap { member in
            var header =
                Array(member.name.utf8) + zeros(100 - member.name.utf8.count) + Array("0000644\u{0}".utf8)
                + zeros(16)
            let length = String(member.content.count, radix: 8)
            header += Array((String(repeating: "0", count: 11 - length.count) + length).utf8) + [0]
            header += Array("00000000000\u{0}".utf8) + Array("        ".utf8) + [member.kind] + zeros(100)
            header += Array("ustar\u{0}00".utf8) + zeros(247)
            let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
            header.replaceSubrange(
                148..<156, with: Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 0x20])
            return header + member.content + zeros((512 - member.content.count % 512) % 512)
        } + zeros(1024)
    }

    @Test func extendedHeadersRenameMembersAndHideNone() {
        let target: JSON = ["_target_": "os.system"]
        func found(_ record: String) -> ProgramScan? {
            let line = "\(record.utf8.count + 4) \(record)\n"
            let bytes = tar([
                ("x", 0x78, Array(line.utf8)), ("weights.bin", 0x30, Array("a: b\n".utf8)),
            ])
            return scan("a.nemo", bytes, yaml: target)
        }
        #expect(found("path=a/model_config.yaml")?.findings.first?.message.contains("os.system") == true)
        #expect(found("mtime=1700000000.25")?.findings == [])
        #expect(found("size=0000000000000001")?.findings.first?.isUnreadable == true)
        #expect(found("GNU.sparse.major=1")?.findings.first?.isUnreadable == true)
        let plain = tar([("model_config.yaml", 0x30, Array("a: b\n".utf8))])
        #expect(scan("a.bin", plain, yaml: target)?.format == "NeMo archive")
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
