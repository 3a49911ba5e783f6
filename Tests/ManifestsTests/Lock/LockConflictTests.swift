import Testing

@testable import Formats
@testable import Manifests
@testable import Storage

@Suite struct LockConflictTests {
    private let head = """
        {
        "version":1,
        "generator":"knapsack",
        "bundle":{"dedup":"none","license":"other","name":"sample-bundle","title":"Sample bundle"},
        "entries":[

        """

    private func entry(_ name: String, commit: Character = "a", ref: String = "main") -> String {
        let commit = String(repeating: commit, count: 40)
        return """
            {
            "name":"\(name)",
            "kind":"model",
            "asked":{"source":"hf:o/\(name)@\(ref)"},
            "resolved":{"hub":{"commit":"\(commit)","ref":"\(ref)","repo_id":"o/\(name)","repo_type":"model"}},
            "files":[]
            }
            """
    }

    private func manifest(_ entries: [(name: String, ref: String)]) throws -> Manifest {
        var text =
            "schema = 1\n[bundle]\nname = \"sample-bundle\"\ntitle = \"Sample bundle\"\nlicense = \"other\"\n"
        for (name, ref) in entries {
            text += "[[model]]\nname = \"\(name)\"\nsource = \"hf:o/\(name)@\(ref)\"\n"
        }
        return try Manifest.parse(Array(text.utf8), path: "m.toml")
    }

    private func merged(_ text: String, _ manifest: Manifest) throws -> (lock: Lock, findings: [Diagnostic])?
    {
        try Lock.merging(Array(text.utf8), path: "m.lock", for: manifest)
    }

    private func conflict(_ ours: String, _ theirs: String, base: String? = nil) -> String {
        let middle = base.map { "||||||| base\n\($0)\n" } ?? ""
        return head + "<<<<<<< HEAD\n\(ours)\n\(middle)=======\n\(theirs)\n>>>>>>> two\n]\n}\n"
    }

    @Test func entriesOfBothSidesAreTaken() throws {
        let manifest = try manifest([("a", "main"), ("b", "main")])
        for base in [nil, entry("x")] {
            let text = conflict(entry("a"), entry("b", commit: "b"), base: base)
            let result = try #require(try merged(text, manifest))
            #expect(result.lock.entries.map(\.name) == ["a", "b"])
            #expect(result.findings.isEmpty)
        }
    }

    @Test func ofTwoRequestsTheManifestsIsTaken() throws {
        let text = conflict(entry("a", commit: "a", ref: "v1"), entry("a", commit: "b", ref: "v2"))
        for (ref, commit) in [("v1", "a"), ("v2", "b")] {
            let result = try #require(try merged(text, try manifest([("a", ref)])))
            guard case .hub(_, _, let found) = result.lock.entries[0].origin else {
                Issue.record("the origin is lost")
                continue
            }
            #expect(found == String(repeating: commit, count: 40))
            #expect(result.findings.isEmpty)
        }
    }

    @Test func twoPinsOfOneRequestAreToldAndOursIsKept() throws {
        let text = conflict(entry("a", commit: "a"), entry("a", commit: "b"))
        let result = try #require(try merged(text, try manifest([("a", "main")])))
        #expect(result.findings.map(\.code.rawValue) == ["lock-conflict"])
        #expect(result.findings.map(\.severity) == [.warning])
        guard case .hub(_, _, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") = result.lock.entries[0].origin
        else {
            Issue.record("theirs was kept")
            return
        }
    }

    @Test func brokenMarksAndBrokenSidesAreNoLock() throws {
        let manifest = try manifest([("a", "main")])
        #expect(try merged(head + entry("a") + "\n]\n}\n", manifest) == nil)
        #expect(try merged(head + "=======\n]\n}\n", manifest) == nil)
        #expect(try merged(head + "<<<<<<< HEAD\n]\n}\n", manifest) == nil)
        #expect(throws: Diagnostics.self) { try merged(conflict("{", entry("a")), manifest) }
        let text = Array(conflict(entry("a"), entry("b")).utf8)
        let error = #expect(throws: Diagnostics.self) { try Lock.parse(text, path: "m.lock") }
        #expect(error?.all.map(\.code.rawValue) == ["lock-conflict"])
    }
}
