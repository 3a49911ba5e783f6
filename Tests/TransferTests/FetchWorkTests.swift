import Testing

@testable import Formats
@testable import Manifests
@testable import Storage
@testable import Transfer

/// Which contents plans lack, and as which files.
@Suite struct FetchWorkTests {
    /// A place that loads nothing.
    private struct Nowhere: FetchDestination, BlobSource, BlobTarget, BlobName {
        let directory: String
        let sharedContents: String?
        var text = ""
        var path = ""

        var cache: String { directory }
        var lockPath: String { path + ".lock" }
        var patience: Patience { Patience(RetryPolicy(retries: 0), Cancellation()) }

        func prepare() {}
        func finish() -> [Diagnostic] { [] }
        func publish() {}
        func open(_ range: Range<Int>?) throws -> BlobAnswer { throw NetworkError.cancelled }
        func source(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobSource { self }
        func target(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobTarget { self }
        func name(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobName {
            Nowhere(directory: directory, sharedContents: nil, text: "\(directory)/\(file.path.text)")
        }
    }

    private static func identity(_ content: String) throws -> BlobIdentity {
        let bytes = Array(content.utf8)
        return BlobIdentity(proof: .sha256(try ContentHasher.sha256(bytes.span)), size: bytes.count)
    }

    private static func plan(
        _ directory: String, shared: String?, _ files: [(RelativePath, String?)],
        locked: [RelativePath: FetchWish.Content]? = nil
    ) throws -> FetchPlan {
        let repository = HubRepository(kind: .model, id: "a/b")
        return FetchPlan(
            wish: FetchWish(
                subject: directory, source: .hub(repository, revision: "main"),
                filter: FileFilter(include: nil, exclude: []), locked: locked),
            origin: .hub(repository, ref: "main", commit: directory),
            files: try files.map { path, content in
                guard let content else { return FetchPlan.File(path: path, size: 1) }
                let identity = try identity(content)
                return FetchPlan.File(path: path, identity, missing: identity.size)
            }, findings: [], destination: Nowhere(directory: directory, sharedContents: shared))
    }

    @Test func equalContentsOfOneFolderAreLoadedOnceAndGetAllTheirNames() throws {
        let digest = try ContentHasher.sha256(Array("same".utf8).span)
        let work = FetchWork([
            try Self.plan("one", shared: "blobs", [("a", "same"), ("b", "other"), ("c", nil)]),
            try Self.plan(
                "two", shared: "blobs", [("d", "same")],
                locked: ["d": FetchWish.Content(size: 4, sha256: digest)]),
        ])
        #expect(work.count == 2 && work.missing == 9)
        let task = try #require(work.task(0))
        #expect(task.names.map(\.text) == ["one/a", "two/d"] && task.locked == digest)
        #expect(work.isWanted(0, by: 0) && work.isWanted(0, by: 1))
        #expect(work.isWanted(1, by: 0) && !work.isWanted(1, by: 1))
        #expect(try #require(work.task(1)).locked == nil)
    }

    @Test func filesThatHaveTheirOwnPlacesAreEachLoaded() throws {
        let work = FetchWork([
            try Self.plan("one", shared: nil, [("a", "same"), ("b", "same")]),
            try Self.plan("two", shared: nil, [("a", "same")]),
            try Self.plan("one", shared: nil, [("a", "same")]),
        ])
        // The third plan wants a file that the first one brings along.
        #expect(work.count == 3 && work.missing == 12)
        #expect(work.isWanted(0, by: 2) && !work.isWanted(0, by: 1))
    }
}
