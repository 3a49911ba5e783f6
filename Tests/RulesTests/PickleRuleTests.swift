import TestSupport
import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules
@testable import Storage

struct PickleRuleTests {
    private static let files = ["config.json", "model.safetensors", "pytorch_model.bin"]

    private func manifest(_ policy: String, allow: String = "") throws -> Manifest {
        let text = """
            schema = 1
            [bundle]
            name = "sample-bundle"
            title = "Sample bundle"
            \(policy)
            [[model]]
            name = "m"
            source = "path:x"
            \(allow)
            """
        return try Manifest.parse(Array(text.utf8), path: "pack.toml")
    }

    private func codes(_ policy: String, _ pickles: String, allow: String = "") throws -> [Diagnostic] {
        let manifest = try manifest(policy, allow: allow)
        let files = try Self.files.map { try Samples.file(RelativePath(checked: $0), content: $0) }
        let facts = try JSON.parse(Array("{\"pickles\":[\(pickles)]}".utf8).span).members ?? []
        let plain = Samples.entry("m", files: files)
        let entry = LockedEntry(
            name: plain.name, kind: plain.kind, asked: plain.asked, origin: plain.origin, license: nil,
            facts: pickles.isEmpty ? [] : facts, files: plain.files, tensors: [])
        return try Check.findings(manifest, Samples.lock(manifest.bundle, [entry]), stale: [])
            .filter { $0.code.rawValue.hasPrefix("pickle") }
    }

    private let harmless = #"{"path":"pytorch_model.bin","twin":"model.safetensors","verdict":"harmless"}"#
    private let refused = #"{"names":["os.system"],"path":"pytorch_model.bin","verdict":"refused"}"#
    private let unreadable = #"{"path":"pytorch_model.bin","problem":"cut short","verdict":"unreadable"}"#

    @Test func deniesPicklesWhereNothingIsSaid() throws {
        let findings = try codes("", harmless)
        #expect(findings.map(\.code.rawValue) == ["pickle-denied"])
        #expect(findings.first?.location?.line == 6)
        #expect(
            findings.first?.notes.first?.contains("model.safetensors is here and has the weights") == true)
        #expect(findings.first?.fix?.contains("exclude = [\"pytorch_model.bin\"]") == true)
        #expect(try codes("", "") == [])
        #expect(try codes("[policy]\npickle = \"deny\"", harmless).count == 1)
    }

    @Test func scanTakesWhatOnlyBuildsData() throws {
        #expect(try codes("[policy]\npickle = \"scan\"", harmless) == [])
        let findings = try codes("[policy]\npickle = \"scan\"", refused)
        #expect(findings.map(\.code.rawValue) == ["pickle-refused"])
        #expect(findings.first?.notes == ["it imports os.system"])
        #expect(
            try codes("[policy]\npickle = \"scan\"", unreadable).map(\.code.rawValue) == ["pickle-unreadable"]
        )
    }

    @Test func aVerdictThatIsNotKnownIsNotHarmless() throws {
        let other = #"{"path":"pytorch_model.bin","verdict":"fine"}"#
        #expect(try codes("[policy]\npickle = \"scan\"", other).map(\.code.rawValue) == ["pickle-unreadable"])
    }

    @Test func allowTakesAll() throws {
        #expect(try codes("[policy]\npickle = \"allow\"", refused) == [])
    }

    @Test func anEntryMayAllowTheFinding() throws {
        let findings = try codes("", refused, allow: "allow = [\"pickle-denied\"]")
        #expect(findings.map(\.severity) == [.note])
    }

    @Test(
        arguments: [
            ("pytorch_model.bin", "model.safetensors"),
            ("a/pytorch_model-00001-of-00002.bin", "a/model.safetensors"),
            ("diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors"),
            ("adapter_model.bin", "adapter_model.safetensors"), ("x.y/z.pt", "x.y/z.safetensors"),
        ] as [(RelativePath, RelativePath)])
    func knowsWhatATwinIsCalled(path: RelativePath, twin: RelativePath) {
        #expect(PickleFact.twins(of: path).contains(twin))
    }
}
