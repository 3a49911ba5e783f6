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
