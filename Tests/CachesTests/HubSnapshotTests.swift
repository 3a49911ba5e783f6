import Formats
import Glibc
import TestSupport
import Testing

@testable import Caches
@testable import Manifests
@testable import Storage

@Suite struct HubSnapshotTests {
    @Test func readsLinksWithAListing() throws {
        let snapshot = try CacheFixtures.snapshot("tiny/linked")
        #expect(
            snapshot.origin
                == .hub(CacheFixtures.model("tiny/linked"), ref: "main", commit: CacheFixtures.linkedNew))
        #expect(snapshot.directory.hasSuffix("/models--tiny--linked/snapshots/\(CacheFixtures.linkedNew)"))
        #expect(snapshot.paths == ["1_Pooling/config.json", "config.json", "model.safetensors"])
        #expect(snapshot.file("config.json")?.proofs == ["blob-git-sha1", "tree-git-sha1"])
        let weights = try #require(snapshot.file("model.safetensors"))
        #expect(weights.proofs == ["blob-sha256", "tree-sha256", "tree-xet"])
        #expect(weights.location.hasSuffix("/models--tiny--linked/blobs/\(CacheFixtures.weights)"))
        #expect(weights.expectedSize == 10)
        #expect(weights.status.size == 10)
        #expect(snapshot.problems.isEmpty)
        #expect(
            snapshot.listed?.keys.sorted()
                == ["1_Pooling/config.json", "config.json", "model.safetensors", "onnx/model.onnx"])
    }

    @Test func readsLinksWithoutAListing() throws {
        let snapshot = try CacheFixtures.snapshot("tiny/linked", "v1.0")
        #expect(snapshot.file("model.safetensors")?.proofs == ["blob-sha256"])
        #expect(snapshot.file("model.safetensors")?.expectedSize == nil)
        #expect(snapshot.listed == nil)
    }

    @Test func readsDoubleLinksByTheNameOfTheRepositorysBlob() throws {
        let snapshot = try CacheFixtures.snapshot("tiny/shared")
        #expect(snapshot.problems.isEmpty)
        let weights = try #require(snapshot.file("sub/model.safetensors"))
        #expect(weights.evidence.first?.words == "sha256 \(CacheFixtures.weights)  (from the blob's name)")
        #expect(weights.proofs == ["blob-sha256", "blob-xet"])
        #expect(!weights.isKnownByXetAlone)
        #expect(weights.location.contains("/hub/blobs/"))
        #expect(!weights.location.contains(CacheFixtures.weights))
    }

    @Test(arguments: [nil, "2\n", "1", "1\n\n"]) func refusesAStoreWithoutItsMarker(_ marker: String?)
        async throws
    {
        try await withTemporaryDirectory { directory in
            let commit = String(repeating: "a", count: 40)
            let name = String(repeating: "b", count: 64)
            try writeFile("\(directory)/blobs/bb/\(name)", "content")
            try makeLink("\(directory)/models--a--b/blobs/\(name)", to: "../../blobs/bb/\(name)")
            try makeLink(
                "\(directory)/models--a--b/snapshots/\(commit)/f.bin", to: "../../blobs/\(name)")
            if let marker { try writeFile("\(directory)/blobs/.huggingface-shared-blobs", marker) }
            let snapshot = try HubCache(root: directory).snapshot(
                CacheFixtures.model("a/b"), revision: commit)
            #expect(snapshot.files.isEmpty)
            #expect(snapshot.problem("link-escapes")?.message.contains("marker") == true)
        }
    }

    @Test func takesTheNameInTheSharedStoreWhereNothingElseStatesTheContent() async throws {
        try await withTemporaryDirectory { directory in
            let commit = String(repeating: "a", count: 40)
            let (name, other) = (String(repeating: "b", count: 64), String(repeating: "c", count: 64))
            try writeFile("\(directory)/blobs/.huggingface-shared-blobs", "1\n")
            try writeFile("\(directory)/blobs/bb/\(name)", "content")
            try writeFile("\(directory)/blobs/cc/\(name)", "content")
            let folder = "\(directory)/models--a--b"
            for (link, target) in [("right", "bb/\(name)"), ("elsewhere", "cc/\(name)")] {
                try makeLink("\(folder)/snapshots/\(commit)/\(link)", to: "../../../blobs/\(target)")
            }
            let repository = CacheFixtures.model("a/b")
            let snapshot = try HubCache(root: directory).snapshot(repository, revision: commit)
            #expect(snapshot.file("right")?.proofs == ["blob-xet"])
            #expect(snapshot.file("right")?.isKnownByXetAlone == true)
            #expect(snapshot.file("elsewhere")?.proofs == [])
            // A listing that states another content for the same file is a contradiction, without any reading.
            try writeFile(
                "\(folder)/trees/\(commit).json",
                """
                {"format_version": 1, "files": {"right": {"size": 7, "xet_hash": "\(other)", \
                "blob_id": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"}}}
                """)
            let listed = try HubCache(root: directory).snapshot(repository, revision: commit)
            #expect(listed.file("right")?.proofs == ["blob-xet", "tree-xet"])
            #expect(listed.problem("blob-mismatch") != nil)
        }
    }

    @Test func readsPlainCopies() throws {
        let table = try CacheFixtures.hub.snapshot(
            HubRepository(kind: .dataset, id: "tiny/table"), revision: "main")
        #expect(table.files.map(\.proofs) == [["tree-git-sha1"], ["tree-sha256", "tree-xet"]])
        let app = try CacheFixtures.hub.snapshot(
            HubRepository(kind: .space, id: "tiny/app"), revision: "main")
        #expect(app.files.map(\.proofs) == [[]])
    }

    @Test func takesTheRootThroughALink() async throws {
        try await withTemporaryDirectory { directory in
            try makeLink("\(directory)/cache", to: CacheFixtures.directory + "/hub")
            let cache = HubCache(root: "\(directory)/cache")
            let snapshot = try cache.snapshot(CacheFixtures.model("tiny/shared"), revision: "main")
            #expect(snapshot.paths.count == 2)
            #expect(try snapshot.directory.hasPrefix(Directory.realPath(CacheFixtures.directory)))
        }
    }

    @Test func takesAbsoluteLinksThatStayInTheCache() async throws {
        try await withTemporaryDirectory { directory in
            let commit = String(repeating: "a", count: 40)
            let blob = "\(directory)/real/models--a--b/blobs/\(String(repeating: "c", count: 40))"
            try writeFile(blob, "content")
            try makeLink("\(directory)/cache", to: "real")
            let folder = "\(directory)/real/models--a--b/snapshots/\(commit)"
            try makeLink("\(folder)/by-the-real-path", to: blob)
            try makeLink("\(folder)/by-the-link", to: blob.replacing("/real/", with: "/cache/"))
            try makeLink("\(folder)/out", to: "\(directory)/real/../secret")
            let snapshot = try HubCache(root: "\(directory)/cache").snapshot(
                CacheFixtures.model("a/b"), revision: commit)
            #expect(snapshot.paths == ["by-the-link", "by-the-real-path"])
            #expect(snapshot.files.allSatisfy { $0.proofs == ["blob-git-sha1"] && $0.location == blob })
            #expect(snapshot.problems.map(\.code.rawValue) == ["link-escapes"])
        }
    }

    @Test func refusesEveryBadLinkAndKeepsTheRest() throws {
        let snapshot = try CacheFixtures.snapshot("faulty/links")
        #expect(snapshot.paths == ["good.txt"])
        let found = snapshot.problems.map { "\($0.code) \($0.message.split(separator: " ")[1])" }
        #expect(
            found.sorted() == [
                "link-dangling circle.txt", "link-dangling dangling.txt", "link-escapes absolute.txt",
                "link-escapes other.txt", "link-escapes outside.txt", "link-escapes through.txt",
                "link-to-directory directory",
            ])
        #expect(snapshot.problems.allSatisfy { $0.severity == .error && $0.fix != nil })
        #expect(snapshot.problems(taking: { $0 == "good.txt" }).isEmpty)
        #expect(snapshot.problems(taking: { $0 == "outside.txt" }).map(\.code.rawValue) == ["link-escapes"])
    }

    @Test func refusesAFolderThatIsALinkOutOfTheCache() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile("\(directory)/elsewhere/refs/main", String(repeating: "a", count: 40))
            try makeLink("\(directory)/hub/models--a--b", to: "../elsewhere")
            let cache = HubCache(root: "\(directory)/hub")
            let found = findings { () throws(Diagnostics) in
                try cache.snapshot(CacheFixtures.model("a/b"), revision: "main")
            }
            #expect(found.map(\.code.rawValue) == ["link-escapes"])
        }
    }

    @Test func refusesPipesAndNamesThatAreNoText() async throws {
        try await withTemporaryDirectory { directory in
            let commit = String(repeating: "a", count: 40)
            let folder = "\(directory)/models--a--b/snapshots/\(commit)"
            try writeFile("\(folder)/good", "")
            try writeFile("\(folder)/line\nbreak", "")
            unsafe #expect(mkfifo("\(folder)/pipe", 0o644) == 0)
            let name = Array("\(folder)/bad-".utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
            let descriptor = unsafe name.withUnsafeBufferPointer { name in
                unsafe name.baseAddress.map { unsafe creat($0, 0o644) } ?? -1
            }
            try #require(descriptor >= 0)
            close(descriptor)
            let snapshot = try HubCache(root: directory).snapshot(
                CacheFixtures.model("a/b"), revision: commit)
            #expect(snapshot.paths == ["good"])
            #expect(snapshot.problems.map(\.code.rawValue) == ["name-refused", "name-refused", "not-a-file"])
        }
    }

    @Test func keepsWhatTheClientIgnoresOnlyElsewhere() async throws {
        try await withTemporaryDirectory { directory in
            let commit = String(repeating: "a", count: 40)
            let repository = "\(directory)/models--a--b"
            try writeFile("\(repository)/snapshots/\(commit)/.DS_Store", "x")
            try writeFile("\(repository)/snapshots/.DS_Store", "x")
            try writeFile("\(repository)/refs/.DS_Store", "x")
            try writeFile("\(repository)/refs/main", commit)
            try writeFile("\(directory)/.DS_Store", "x")
            let inventory = Caches(hub: HubCache(root: directory), kagglehub: CacheFixtures.kagglehub)
                .inventory()
            #expect(inventory.items.first?.snapshot.paths == [".DS_Store"])
            #expect(inventory.items.first?.refs == ["main"])
            #expect(!inventory.problems.contains { $0.message.contains("DS_Store") })
        }
    }

    @Test func sortsByBytes() async throws {
        try await withTemporaryDirectory { directory in
            let commit = String(repeating: "a", count: 40)
            for name in ["a/b", "a.b", "a", "a-b", "Z", "é", "e\u{301}"] where name != "a" {
                try writeFile("\(directory)/models--a--b/snapshots/\(commit)/\(name)", "")
            }
            let snapshot = try HubCache(root: directory).snapshot(
                CacheFixtures.model("a/b"), revision: commit)
            #expect(
                snapshot.files.map { Array($0.path.utf8) }
                    == ["Z", "a-b", "a.b", "a/b", "e\u{301}", "é"].map { Array($0.utf8) })
        }
    }
}
