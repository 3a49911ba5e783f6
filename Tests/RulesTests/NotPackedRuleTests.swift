import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules
@testable import Storage

/// Which rules hold for an entry whose files are not in the bundle.
@Suite struct NotPackedRuleTests {
    private let commit = String(repeating: "a", count: 40)

    /// What breaks every rule that there is.
    private func bad(_ name: String, _ lines: String = "") throws -> PolicySample.Part {
        try .init(
            name, "hf:org/bad@\(commit)", license: "gpl-3.0",
            facts: [
                .init("credentials", [["kind": "a token", "line": 1, "path": "config.json"]]),
                .init("remote_code", [["file": "config.json", "key": "auto_map", "value": "x.Y"]]),
            ],
            files: [("config.json", 10, .none), ("code.py", 100, .none)], lines: lines)
    }

    private let policy = """
        licenses = ["mit"]
        released-before = 2026-10-01
        allowed-revisions = ["org/else"]
        remote-code = "deny"
        max-entry-size = 50
        proof = "required"
        """

    @Test func thoseOfOriginsHoldAndThoseOfContentsDoNot() throws {
        let origins = ["license-denied", "released-unknown", "revision-denied", "proof-missing"]
        let good = try PolicySample.Part(
            "good", "hf:org/else@\(commit)", license: "mit", lines: "released = 2026-01-01")
        let packed = try PolicySample(policy, [try bad("bad"), good]).findings()
        for code in origins + ["remote-code", "remote-code-file", "credentials", "max-entry-size"] {
            #expect(packed.contains("error \(code) bad"), "\(code): \(packed)")
        }
        let unpacked = try PolicySample(policy, [try bad("bad", "pack = false"), good]).findings()
        #expect(
            unpacked.sorted() == (origins.map { "error \($0) bad" } + ["warning entry-unused bad"]).sorted())
    }

    @Test func theBaseOfAnAdapterHasToBeInTheBundle() throws {
        let adapter = try PolicySample.Part(
            "adapter", license: "mit", facts: [.init("adapter_base", "org/base")],
            files: [("adapter_config.json", 1, .blobGit), ("adapter_model.safetensors", 1, .blobGit)])
        let base = try PolicySample.Part("base", "hf:org/base@\(commit)", license: "mit")
        #expect(try PolicySample("", [adapter, base]).findings() == [])
        let left = try PolicySample.Part(
            "base", "hf:org/base@\(commit)", license: "mit", lines: "pack = false")
        #expect(
            try PolicySample("", [adapter, left]).findings().sorted() == [
                "warning adapter-base-missing adapter", "warning entry-unused base",
            ])
    }

    @Test func whatIsMadeFromAnEntryUsesIt() throws {
        let sample = try RuleSample(
            model("m", "pack = false") + "[[model]]\nname = \"q\"\nfrom = \"m\"\ndtype = \"f16\"\n"
                + model("a", "pack = false")
                + "[[model]]\nname = \"t\"\nfrom = \"m\"\ndtype = \"f16\"\nmerge = [\"a\"]\n")
        let codes = try Check.findings(sample.manifest, sample.lock, stale: []).map(\.code)
        #expect(!codes.contains(.entryUnused))
    }
}
