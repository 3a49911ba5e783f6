import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules
@testable import Storage

/// What a policy states of code and templates that models bring along, of sizes and of proofs.
@Suite struct SafetyRuleTests {
    private let auto: JSON.Member = .init(
        "remote_code",
        [["file": "config.json", "key": "auto_map", "value": "modeling_x.Model"]])
    private let foreign: JSON.Member = .init(
        "remote_code",
        [["file": "config.json", "key": "auto_map", "value": "org/code--modeling_x.Model"]])
    private let commit = String(repeating: "a", count: 40)

    private func findings(_ policy: String, _ parts: PolicySample.Part...) throws -> [String] {
        try PolicySample(policy, parts).findings()
    }

    @Test func tellsOfCodeUnlessItIsAllowed() throws {
        let part = try PolicySample.Part("a", facts: [auto])
        #expect(try findings("", part) == ["warning remote-code a"])
        #expect(try findings(#"remote-code = "deny""#, part) == ["error remote-code a"])
        #expect(try findings(#"remote-code = "allow""#, part) == [])
        let allowed = try PolicySample.Part("a", facts: [auto], lines: #"allow = ["remote-code"]"#)
        #expect(try findings(#"remote-code = "deny""#, allowed) == ["note remote-code a"])
        #expect(try findings(#"remote-code = "deny""#, .init("plain")) == [])
    }

    @Test func findsPythonFilesOfModels() throws {
        let files: [(path: RelativePath, size: Int, proof: Proof)] = [
            ("model/code.PY", 1, .blobGit), ("x.safetensors", 1, .none),
        ]
        let model = try PolicySample.Part("a", files: files)
        #expect(try findings(#"remote-code = "deny""#, model) == ["error remote-code-file a"])
        #expect(try findings("", model) == [])
        #expect(try findings(#"remote-code = "deny""#, .init("a", kind: .files, files: files)) == [])
    }

    @Test func asksForTheRepositoryThatCodeComesFrom() throws {
        let part = try PolicySample.Part("a", facts: [foreign])
        let code = try PolicySample.Part("code", "hf:Org/Code@\(commit)")
        #expect(try findings(#"remote-code = "allow""#, part) == ["warning remote-code-elsewhere a"])
        #expect(try findings(#"remote-code = "allow""#, part, code) == [])
        #expect(
            try findings(#"remote-code = "deny""#, part, code) == [
                "error remote-code a", "error remote-code-elsewhere a",
            ])
        let own = try PolicySample.Part("a", "hf:org/code@\(commit)", facts: [foreign])
        #expect(try findings(#"remote-code = "allow""#, own) == [])
    }

    @Test func refusesUnsafeTemplatesUnlessTheyAreAllowed() throws {
        let unsafe: JSON.Member = .init(
            "templates", [["file": "m.gguf", "line": 3, "message": "calls \"f\"", "template": "rag"]])
        let part = try PolicySample.Part("a", facts: [unsafe])
        #expect(try findings("", part) == ["error template-unsafe a"])
        #expect(try findings(#"unsafe-templates = "deny""#, part) == ["error template-unsafe a"])
        #expect(try findings(#"unsafe-templates = "allow""#, part) == [])
        #expect(
            try findings("", .init("a", facts: [unsafe], lines: #"allow = ["template-unsafe"]"#)) == [
                "note template-unsafe a"
            ])
        let found = try #require(try PolicySample("", [part]).diagnostics().first)
        #expect(found.message == "a: the chat template in m.gguf calls \"f\"")
        #expect(found.notes == ["m.gguf (rag), line 3 of the template: it calls \"f\""])
    }

    @Test func comparesSizesOfEntries() throws {
        let files: [(path: RelativePath, size: Int, proof: Proof)] = [
            ("a", 600, .blobGit), ("b", 500, .blobGit),
        ]
        #expect(try findings("max-entry-size = 1100", .init("a", files: files)) == [])
        #expect(try findings("max-entry-size = 1099", .init("a", files: files)) == ["error max-entry-size a"])
        #expect(
            try findings("", .init("a", files: files, lines: "max-size = \"1 kB\"")) == [
                "error max-entry-size a"
            ])
        #expect(try findings("", .init("a", files: files, lines: "max-size = \"2 kB\"")) == [])
    }

    @Test func asksForProof() throws {
        let files: [(path: RelativePath, size: Int, proof: Proof)] = [
            ("a", 1, .none), ("b", 1, .treeGit), ("c", 1, .conversion),
        ]
        #expect(try findings(#"proof = "required""#, .init("a", files: files)) == ["error proof-missing a"])
        #expect(try findings(#"proof = "required""#, .init("a")) == [])
        #expect(try findings(#"proof = "optional""#, .init("a", files: files)) == [])
    }

    @Test func programsNeedBothPoliciesToBeAllowed() throws {
        let lambda: JSON.Member = .init(
            "programs", [["path": "m.h5", "format": "Keras model", "messages": ["x"], "unreadable": false]])
        let part = try PolicySample.Part("a", facts: [lambda])
        #expect(try findings("", part) == ["error program a"])
        #expect(try findings(#"pickle = "scan""#, part) == ["error program a"])
        #expect(try findings(#"pickle = "allow""#, part) == ["warning program a"])
        #expect(try findings("pickle = \"allow\"\nremote-code = \"deny\"", part) == ["error program a"])
        #expect(try findings("pickle = \"allow\"\nremote-code = \"allow\"", part) == [])
        let unread: JSON.Member = .init("programs", [["path": "m.h5"]])
        #expect(try findings("", .init("a", facts: [unread])) == ["error program-unreadable a"])
    }

    @Test func credentialsAreFoundFromTheLockToo() throws {
        let fact: JSON.Member = .init(
            "credentials", [["path": "x.py", "line": 3, "kind": "a token of GitHub"]])
        #expect(try findings("", .init("a", facts: [fact])) == ["error credentials a"])
        let allowed = try PolicySample.Part("a", facts: [fact], lines: #"allow = ["credentials"]"#)
        #expect(try findings("", allowed) == ["note credentials a"])
    }

    @Test func aKernelOfTheHubComesFromElsewhere() throws {
        let kernel: JSON.Member = .init(
            "remote_code",
            [["file": "config.json", "key": "_attn_implementation", "value": "some/kernel:flash"]])
        #expect(
            try findings(#"remote-code = "deny""#, .init("a", facts: [kernel])) == [
                "error remote-code a", "error remote-code-elsewhere a",
            ])
    }
}
