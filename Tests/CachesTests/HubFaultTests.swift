import Formats
import TestSupport
import Testing

@testable import Caches
@testable import Manifests
@testable import Storage

@Suite struct HubFaultTests {
    @Test func saysWhichCommitHasTheWeightsThatMainLost() throws {
        let snapshot = try CacheFixtures.snapshot("faulty/moved")
        let problem = try #require(snapshot.problem("ref-moved"))
        #expect(problem.severity == .error)
        #expect(problem.fix?.hasPrefix("source = \"hf:faulty/moved@\(CacheFixtures.movedOld)\"") == true)
        // Nobody who wants the configuration alone is hindered.
        #expect(snapshot.problems(taking: { $0 == "config.json" }).isEmpty)
    }

    @Test func doesNotMissWeightsWhereThereIsOtherContent() async throws {
        try await withTemporaryDirectory { directory in
            let folder = "\(directory)/datasets--a--b"
            let commits = ["a", "b"].map { String(repeating: $0, count: 40) }
            try writeFile("\(folder)/snapshots/\(commits[0])/train.parquet", "x")
            try writeFile("\(folder)/snapshots/\(commits[1])/README.md", "x")
            try writeFile("\(folder)/refs/main", commits[1])
            let repository = HubRepository(kind: .dataset, id: "a/b")
            let cache = HubCache(root: directory)
            #expect(
                try cache.snapshot(repository, revision: "main").problems.map(\.code.rawValue) == [
                    "ref-moved"
                ])
            try writeFile("\(folder)/snapshots/\(commits[1])/images/1.png", "x")
            #expect(try cache.snapshot(repository, revision: "main").problems.isEmpty)
        }
    }

    @Test func doesNotLookWhereMainPointsWhenACommitWasAsked() throws {
        #expect(try CacheFixtures.snapshot("faulty/moved", CacheFixtures.movedNew).problems.isEmpty)
        let pinned = try CacheFixtures.hub.snapshot(
            CacheFixtures.model("faulty/moved"), ref: "main", commit: CacheFixtures.movedOld)
        #expect(pinned.problems.isEmpty)
        #expect(pinned.paths == ["config.json", "model.safetensors"])
    }

    @Test func namesTheFileOfAnInterruptedDownload() throws {
        let snapshot = try CacheFixtures.snapshot("faulty/interrupted")
        let problem = try #require(snapshot.problem("download-interrupted"))
        #expect(problem.severity == .warning)
        #expect(
            problem.notes == ["model.safetensors: \(CacheFixtures.weights).1a2b3c4d.incomplete"])
        #expect(snapshot.problems(taking: { $0 == "config.json" }).isEmpty)
        #expect(snapshot.listed?["model.safetensors"] != nil)
    }

    @Test func warnsOfAnInterruptedDownloadWithoutAListing() async throws {
        try await withTemporaryDirectory { directory in
            let commit = String(repeating: "a", count: 40)
            let repository = "\(directory)/models--a--b"
            try writeFile("\(repository)/snapshots/\(commit)/config.json", "{}")
            try writeFile("\(repository)/blobs/\(CacheFixtures.weights).incomplete", "x")
            let cache = HubCache(root: directory)
            let first = try cache.snapshot(CacheFixtures.model("a/b"), revision: commit)
            #expect(first.problem("download-interrupted")?.severity == .warning)
            // A later try had success.
            try writeFile("\(repository)/blobs/\(CacheFixtures.weights)", "whole")
            #expect(try cache.snapshot(CacheFixtures.model("a/b"), revision: commit).problems.isEmpty)
        }
    }

    @Test func findsWrongSizesAndSwappedLinksWithoutReading() throws {
        let snapshot = try CacheFixtures.snapshot("faulty/files")
        let size = try #require(snapshot.problem("size-mismatch"))
        #expect(
            size.message
                == "faulty/files: cut.safetensors does not have the size that the revision's tree gives")
        #expect(size.notes == ["expected 10 bytes", "found    6 bytes"])
        #expect(snapshot.problem("blob-mismatch")?.message.contains("b.txt") == true)
        #expect(snapshot.paths == ["a.txt", "b.txt", "cut.safetensors"])
    }

    @Test func findsANegativeEntryOfAFileThatIsThere() throws {
        let found = try CacheFixtures.snapshot("faulty/files").problems.filter {
            $0.code.rawValue == "no-exist-stale"
        }
        #expect(found.count == 1)
        #expect(found.first?.severity == .warning)
        #expect(found.first?.message.contains("a.txt") == true)
    }

    @Test func ignoresAListingOfAnotherVersionAndSaysSo() throws {
        let snapshot = try CacheFixtures.snapshot("faulty/tree")
        #expect(snapshot.listed == nil)
        #expect(snapshot.problem("tree-ignored")?.severity == .note)
        #expect(snapshot.file("config.json")?.proofs == ["blob-git-sha1"])
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"format_version": 1}"#, #"{"format_version": "1", "files": {}}"#,
        #"{"format_version": 1, "files": {"a": {}}}"#,
        #"{"format_version": 1, "files": {"a": {"size": -1, "blob_id": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}}}"#,
        #"{"format_version": 1, "files": {"a": {"size": 1, "blob_id": "x"}}}"#,
        #"{"format_version": 1, "files": {"a": {"size": 1.5, "blob_id": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}}}"#,
        #"{"format_version": 1, "files": {"../a": {"size": 1, "blob_id": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}}}"#,
        #"{"format_version": 1, "files": {"a": {"size": 1, "blob_id": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "xet_hash": "x"}}}"#,
        #"{"format_version": 1, "files": {"a": {"size": 1, "blob_id": "", "lfs_sha256": "e3"}}}"#,
    ]) func refusesAListing(_ text: String) {
        #expect(throws: TreeListing.Unusable.self) { try TreeListing(Array(text.utf8)) }
    }

    @Test func takesTheLargeFilesDigestAndNeverItsPointers() throws {
        let text = """
            {"format_version": 1, "files": {"m": {"size": 3, "lfs_size": 4, "xet_hash": null, \
            "blob_id": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", "lfs_sha256": "\(CacheFixtures.weights)"}}}
            """
        let file = try #require(try TreeListing(Array(text.utf8)).files["m"])
        #expect(file.size == 4)
        #expect(file.evidence.map { Proof($0) } == [.treeSHA256])
    }

    @Test func takesTheXetHashBesideTheDigestAndAloneWhereThereIsOnlyAPointer() throws {
        let hash = String(repeating: "ab", count: 32)
        func proofs(_ more: String) throws -> [Proof]? {
            let text = """
                {"format_version": 1, "files": {"m": {"size": 3, "xet_hash": "\(hash)"\(more), \
                "blob_id": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}}}
                """
            return try TreeListing(Array(text.utf8)).files["m"]?.evidence.map { Proof($0) }
        }
        #expect(try proofs(", \"lfs_sha256\": \"\(CacheFixtures.weights)\"") == [.treeSHA256, .treeXet])
        #expect(try proofs("") == [.treeXet])
    }

    @Test func knowsALargeFilesPointer() {
        func matches(_ text: some StringProtocol) -> Bool { LFSPointer.matches(Array(text.utf8).span) }
        let text = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
        #expect(matches(text))
        #expect(!matches(text.prefix(42)))
        #expect(!matches("version https://git-lfs.github.com/spec/v2\n"))
        #expect(!matches(""))
    }

    @Test(arguments: ["model.safetensors", "a/b.GGUF", "x.tar.gz"] as [RelativePath])
    func takesForContent(_ path: RelativePath) {
        #expect(HubFolder.isContent(path))
    }

    @Test(arguments: ["config.json", "README.md", "safetensors/x"] as [RelativePath])
    func doesNotTakeForContent(_ path: RelativePath) {
        #expect(!HubFolder.isContent(path))
    }
}
