import Formats
import TestSupport
import Testing

@testable import Caches
@testable import Manifests
@testable import Storage

@Suite struct HubRevisionTests {
    private let hub = CacheFixtures.hub
    private let linked = CacheFixtures.model("tiny/linked")

    @Test(arguments: [
        ("main", CacheFixtures.linkedNew), ("v1.0", CacheFixtures.linkedOld),
        ("refs/pr/1", CacheFixtures.linkedOld), (CacheFixtures.linkedOld, CacheFixtures.linkedOld),
        ("86ab", CacheFixtures.linkedNew), ("C2ECF355", CacheFixtures.linkedOld),
    ]) func resolves(_ revision: String, _ commit: String) throws {
        #expect(try hub.resolve(linked, revision: revision) == commit)
    }

    @Test(arguments: ["v2.0", "86a", "86ac", "refs", "main.1a2b3c4d", "../main", "main/", "x\u{0}"])
    func saysWhatIsThereInsteadOfAnUnknownRevision(_ revision: String) {
        let found = findings { () throws(Diagnostics) in try hub.resolve(linked, revision: revision) }
        #expect(found.map(\.code.rawValue) == ["revision-not-cached"])
        #expect(found.first?.verdict == .undecided)
        #expect(found.first?.notes.contains("\(CacheFixtures.linkedNew) (main)") == true)
        #expect(found.first?.notes.contains("\(CacheFixtures.linkedOld) (refs/pr/1, v1.0)") == true)
        #expect(found.first?.fix?.contains("hf download tiny/linked --revision ") == true)
    }

    @Test func refusesABeginningOfSeveralCommits() async throws {
        try await withTemporaryDirectory { directory in
            let commits = [
                "abcd" + String(repeating: "0", count: 36), "abcd" + String(repeating: "1", count: 36),
            ]
            for commit in commits {
                try writeFile("\(directory)/models--a--b/snapshots/\(commit)/config.json", "{}")
            }
            let cache = HubCache(root: directory)
            let repository = CacheFixtures.model("a/b")
            let found = findings { () throws(Diagnostics) in try cache.resolve(repository, revision: "abcd") }
            #expect(found.map(\.code.rawValue) == ["revision-ambiguous"])
            #expect(found.first?.notes == commits)
            #expect(try cache.resolve(repository, revision: "abcd0") == commits[0])
            // A branch that is called so comes first.
            try writeFile("\(directory)/models--a--b/refs/abcd", commits[1])
            #expect(try cache.resolve(repository, revision: "abcd") == commits[1])
        }
    }

    @Test func usesARefWithALineBreakAndSaysThatTheClientFails() throws {
        let snapshot = try CacheFixtures.snapshot("faulty/refs")
        #expect(snapshot.paths == ["config.json"])
        #expect(snapshot.problem("ref-malformed")?.severity == .warning)
    }

    @Test func refusesARefWithoutACommit() {
        let found = findings { () throws(Diagnostics) in
            try hub.resolve(CacheFixtures.model("faulty/refs"), revision: "broken")
        }
        #expect(found.map(\.code.rawValue) == ["ref-malformed"])
        #expect(found.first?.fix == "hf download faulty/refs --revision broken")
    }

    @Test func saysThatABranchPointsAtNothing() {
        let found = findings { () throws(Diagnostics) in
            try hub.resolve(CacheFixtures.model("faulty/dangling"), revision: "main")
        }
        #expect(found.map(\.code.rawValue) == ["ref-dangling"])
        #expect(found.first?.notes.contains(CacheFixtures.danglingOld) == true)
    }

    @Test func takesTheRestOfALocalDownloadForNotCached() {
        let found = findings { () throws(Diagnostics) in
            try hub.resolve(CacheFixtures.model("faulty/elsewhere"), revision: "main")
        }
        #expect(found.map(\.code.rawValue) == ["revision-not-cached"])
        #expect(found.first?.notes.first?.contains("--local-dir") == true)
    }

    @Test(arguments: [
        ("Tiny/Linked", HubRepository.Kind.model, "hf:tiny/linked"), ("openai/gpt2", .model, "hf:gpt2"),
        ("tiny/table", .model, "hf-dataset:tiny/table"), ("tiny/linkd", .model, "hf:tiny/linked"),
    ]) func asksWhetherAnotherRepositoryWasMeant(
        _ id: String, _ kind: HubRepository.Kind, _ meant: String
    ) {
        let found = findings { () throws(Diagnostics) in
            try hub.resolve(HubRepository(kind: kind, id: id), revision: "main")
        }
        #expect(found.map(\.code.rawValue) == ["not-cached"])
        #expect(found.first?.notes == ["did you mean \(meant)?"])
    }

    @Test func saysThatThereIsNoCache() {
        let found = findings { () throws(Diagnostics) in
            try HubCache(root: "/no/such/cache").snapshot(linked, revision: "main")
        }
        #expect(found.map(\.code.rawValue) == ["cache-missing"])
        #expect(found.first?.verdict == .undecided)
    }

    @Test func refusesAPinThatIsGone() {
        let commit = String(repeating: "a", count: 40)
        let found = findings { () throws(Diagnostics) in
            try hub.snapshot(linked, ref: "main", commit: commit)
        }
        #expect(found.map(\.code.rawValue) == ["revision-not-cached"])
        #expect(found.first?.message.contains(commit) == true)
    }

    @Test func readsEveryFolderNameBack() {
        for (kind, id, folder) in [
            (HubRepository.Kind.model, "a/b", "models--a--b"), (.dataset, "a-b/c.d", "datasets--a-b--c.d"),
            (.space, "x", "spaces--x"), (.kernel, "a/b", "kernels--a--b"),
        ] {
            let repository = HubRepository(kind: kind, id: id)
            #expect(repository.folder == folder)
            #expect(HubRepository(folder: folder) == repository)
        }
        for name in [
            "models--", "models--a--b--c", "models--a----b", "kernels--a----b", "models--..--b", "blobs",
        ] {
            #expect(HubRepository(folder: name) == nil)
        }
        #expect(hub.repositories().contains(HubRepository(kind: .space, id: "tiny/app")))
    }
}
