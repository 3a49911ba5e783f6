import Formats
import Glibc
import TestSupport
import Testing

@testable import Caches
@testable import Manifests
@testable import Storage

/// Whatever is in a cache, reading it ends with a result or with findings, and no file outside is reached.
@Suite(.tags(.fuzz), .series) struct CacheFuzzTests {
    private static let commit = CacheFixtures.linkedNew
    private static let folder = "\(CacheFixtures.directory)/hub/models--tiny--linked"

    @Test(arguments: 0..<4) func readsMutatedListings(_ seed: Int) throws {
        let original = try contents("\(Self.folder)/trees/\(Self.commit).json")
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<500 {
            let bytes = mutated(original, with: &generator)
            guard let listing = try? TreeListing(bytes) else { continue }
            for (path, file) in listing.files {
                #expect(RelativePath(path.text) != nil)
                #expect(file.size >= 0 && (1...2).contains(file.evidence.count))
            }
        }
    }

    @Test(arguments: 0..<4) func readsMutatedMetadata(_ seed: Int) throws {
        let original = Array("\(Self.commit)\n\(CacheFixtures.weights)\n1784500000.25\n".utf8)
        let status = try FileStatus.status(of: CacheFixtures.directory)
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<1000 {
            guard let metadata = DownloadMetadata(mutated(original, with: &generator)) else { continue }
            _ = metadata.covers(status)
            if let commit = metadata.commit { #expect(commit.utf8.count == 40) }
        }
    }

    @Test(arguments: 0..<4) func readsMutatedRefs(_ seed: Int) async throws {
        try await withTemporaryDirectory { directory in
            let folder = "\(directory)/models--a--b"
            try writeFile("\(folder)/snapshots/\(Self.commit)/config.json", "{}")
            var generator = SeededGenerator(seed: UInt64(seed))
            let cache = HubCache(root: directory)
            for _ in 0..<200 {
                try writeFile("\(folder)/refs/main", mutated(Array(Self.commit.utf8), with: &generator))
                do throws(Diagnostics) {
                    #expect(try cache.resolve(CacheFixtures.model("a/b"), revision: "main") == Self.commit)
                } catch {
                    #expect(!error.all.isEmpty)
                }
                let inventory = Caches(hub: cache, kagglehub: KagglehubCache(root: directory)).inventory()
                #expect(inventory.items.count == 1)
            }
        }
    }

    @Test(arguments: 0..<4) func resolvesRandomRevisions(_ seed: Int) throws {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<300 {
            let bytes = mutated(Array("refs/pr/1@v1.0/main".utf8), with: &generator)
            let revision = String(decoding: bytes, as: UTF8.self)
            _ = try? CacheFixtures.hub.snapshot(CacheFixtures.model("tiny/linked"), revision: revision)
        }
    }

    @Test(arguments: 0..<4) func staysInsideWhateverLinksSay(_ seed: Int) async throws {
        try await withTemporaryDirectory { directory in
            let root = "\(directory)/hub"
            let folder = "\(root)/models--a--b"
            let blob = "../../blobs/\(CacheFixtures.weights)"
            try writeFile("\(folder)/blobs/\(CacheFixtures.weights)", "content")
            try writeFile("\(directory)/secret", "outside")
            let snapshot = "\(folder)/snapshots/\(Self.commit)"
            try makeLink("\(snapshot)/l0", to: blob)
            let parts = [
                "..", ".", "", "blobs", "snapshots", Self.commit, "l1", "l2", "hub", "secret", "models--a--b",
            ]
            var generator = SeededGenerator(seed: UInt64(seed))
            let cache = HubCache(root: root)
            for _ in 0..<100 {
                for index in 1...6 {
                    let text: String
                    if Bool.random(using: &generator) {
                        let bytes = mutated(Array(blob.utf8), with: &generator).filter { $0 != 0 }
                        text = String(decoding: bytes, as: UTF8.self)
                    } else {
                        let count = Int.random(in: 1...9, using: &generator)
                        text = (0..<count).map { _ in parts.randomElement(using: &generator) ?? "" }
                            .joined(separator: "/")
                    }
                    try Directory.removeFile("\(snapshot)/l\(index)")
                    if !text.isEmpty { try makeLink("\(snapshot)/l\(index)", to: text) }
                }
                let found = try cache.snapshot(CacheFixtures.model("a/b"), revision: Self.commit)
                for file in found.files {
                    #expect(file.location.hasPrefix(folder + "/"))
                    #expect(try Directory.realPath("\(snapshot)/\(file.path)") == file.location)
                    #expect(try FileStatus.status(of: file.location) == file.status)
                }
            }
        }
    }
}
