import Formats
import TestSupport
import Testing

@testable import Caches
@testable import Manifests
@testable import Storage

@Suite struct KaggleMountsTests {
    /// Mounts as a notebook has them: two versions of a model, and a data set.
    private func attached(_ directory: String) throws -> KaggleMounts {
        for (path, text) in [
            ("models/tiny/bert/transformers/small/2/config.json", "{}"),
            ("models/tiny/bert/transformers/small/10/config.json", "{ }"),
            ("datasets/tiny/table/train.csv", "a"),
            ("competitions/some-cup/test.csv", "b"),
        ] {
            try writeFile(Path.join(directory, path), text)
        }
        return KaggleMounts(root: directory)
    }

    @Test func takesTheHighestVersionThatIsAttachedWithoutAMarker() async throws {
        try await withTemporaryDirectory { directory in
            let mounts = try attached(directory)
            let snapshot = try #require(
                try mounts.snapshot(CacheFixtures.kaggle("tiny/bert/transformers/small")))
            #expect(try snapshot.origin == .kaggle(CacheFixtures.kaggle("tiny/bert/transformers/small/10")))
            #expect(snapshot.files.map(\.path.text) == ["config.json"])
            #expect(snapshot.problems.isEmpty)
        }
    }

    @Test func takesTheVersionThatIsNamed() async throws {
        try await withTemporaryDirectory { directory in
            let mounts = try attached(directory)
            let snapshot = try #require(
                try mounts.snapshot(CacheFixtures.kaggle("tiny/bert/transformers/small/2")))
            #expect(snapshot.directory.hasSuffix("/small/2"))
            #expect(try mounts.snapshot(CacheFixtures.kaggle("tiny/bert/transformers/small/3")) == nil)
            #expect(try mounts.snapshot(CacheFixtures.kaggle("tiny/bert/pyTorch/small")) == nil)
        }
    }

    @Test func takesADataSetOnlyWithItsVersion() async throws {
        try await withTemporaryDirectory { directory in
            let mounts = try attached(directory)
            let handle = try CacheFixtures.kaggle("tiny/table", .dataset)
            let found = findings { () throws(Diagnostics) in try mounts.snapshot(handle) }
            #expect(found.map(\.code.rawValue) == ["revision-not-cached"])
            #expect(found.first?.fix?.contains("kaggle-dataset:tiny/table/versions/1") == true)
            let snapshot = try #require(
                try mounts.snapshot(CacheFixtures.kaggle("tiny/table/versions/3", .dataset)))
            #expect(snapshot.files.map(\.path.text) == ["train.csv"])
        }
    }

    @Test func listsWhatIsAttached() async throws {
        try await withTemporaryDirectory { directory in
            let texts = try attached(directory).handles().map(\.text)
            #expect(
                texts == [
                    "tiny/bert/transformers/small/2", "tiny/bert/transformers/small/10", "tiny/table",
                    "some-cup",
                ])
            #expect(KaggleMounts(root: Path.join(directory, "nothing")).handles().isEmpty)
        }
    }

    @Test func whatIsMissingInANotebookHasToBeAttached() async throws {
        try await withTemporaryDirectory { directory in
            let mounts = try attached(directory + "/input")
            let cache = KagglehubCache(root: directory + "/no-cache")
            let caches = Caches(hub: HubCache(root: ""), kagglehub: cache, mounts: mounts)
            func finding(_ text: String, _ caches: Caches) throws -> Diagnostic? {
                let source = try Source.kaggle(CacheFixtures.kaggle(text))
                return findings { () throws(Diagnostics) in
                    try caches.snapshot(for: source, pinned: nil, manifestDirectory: directory)
                }.first
            }
            let other = try #require(try finding("tiny/bert/transformers/small/3", caches))
            #expect(other.code == .notCached)
            #expect(other.notes.contains("tiny/bert/transformers/small/10"))
            #expect(other.fix?.hasSuffix("or name what is attached") == true)
            let unknown = try #require(try finding("tiny/cat/transformers/small/3", caches))
            #expect(
                unknown.fix?.hasPrefix("attach it to this notebook (Add Input), or run kagglehub") == true)
            // Outside of a notebook nothing can be attached.
            let outside = Caches(
                hub: HubCache(root: ""), kagglehub: cache,
                mounts: KaggleMounts(root: directory + "/no-input"))
            let missing = try #require(try finding("tiny/bert/transformers/small/3", outside))
            #expect(missing.code == .cacheMissing)
        }
    }

    @Test func refusesALinkOutOfTheMount() async throws {
        try await withTemporaryDirectory { directory in
            let mounts = try attached(directory)
            try makeLink(
                Path.join(directory, "models/tiny/bert/transformers/small/2/train.csv"),
                to: Path.join(directory, "datasets/tiny/table/train.csv"))
            let snapshot = try #require(
                try mounts.snapshot(CacheFixtures.kaggle("tiny/bert/transformers/small/2")))
            #expect(snapshot.files.map(\.path.text) == ["config.json"])
            #expect(snapshot.problems.map(\.severity) == [.error])
        }
    }
}
