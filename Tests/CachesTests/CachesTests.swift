import Formats
import TestSupport
import Testing

@testable import Caches
@testable import Manifests
@testable import Storage

@Suite struct CachesTests {
    private let caches = CacheFixtures.caches

    private func snapshot(_ source: String, pinned: Origin? = nil) throws -> Snapshot {
        try caches.snapshot(
            for: Source.parse(source), pinned: pinned, manifestDirectory: CacheFixtures.directory)
    }

    @Test func takesExactlyThePinnedRevision() throws {
        let pin = Origin.hub(
            CacheFixtures.model("faulty/moved"), ref: "main", commit: CacheFixtures.movedOld)
        let pinned = try snapshot("hf:faulty/moved@main", pinned: pin)
        #expect(pinned.origin == pin)
        #expect(pinned.paths.count == 2)
        #expect(try snapshot("hf:faulty/moved@main").paths.count == 1)
        let version = try Origin.kaggle(CacheFixtures.kaggle("tiny/bert/transformers/small/1"))
        #expect(try snapshot("kaggle:tiny/bert/transformers/small", pinned: version).origin == version)
    }

    @Test func doesNotTakeThePinOfAnotherSource() throws {
        let pin = Origin.hub(
            CacheFixtures.model("faulty/moved"), ref: "main", commit: CacheFixtures.movedOld)
        #expect(try snapshot("hf:tiny/linked", pinned: pin).paths.count == 3)
        #expect(try snapshot("path:local-dir", pinned: pin).origin == .path)
        let version = try Origin.kaggle(CacheFixtures.kaggle("tiny/bert/transformers/small/1"))
        #expect(try snapshot("kaggle:tiny/bert/pyTorch/single", pinned: version).paths.count == 2)
    }

    @Test func listsEverything() throws {
        let inventory = caches.inventory()
        let hub = inventory.items.compactMap { item -> String? in
            guard case .hub(let repository, let ref, _) = item.snapshot.origin else { return nil }
            return "\(repository.kind.rawValue) \(repository.id) \(ref) \(item.refs.count) \(item.size)"
        }
        #expect(hub.contains("model tiny/linked main 1 36"))
        #expect(hub.contains("model tiny/linked refs/pr/1 2 13"))
        #expect(hub.contains("model faulty/moved \(CacheFixtures.movedOld) 0 33"))
        #expect(hub.contains("dataset tiny/table main 1 16"))
        #expect(hub.contains("space tiny/app main 1 9"))
        #expect(hub.count == 14)
        #expect(inventory.items.count == 21)
        let moved = inventory.items.first { $0.snapshot.problem("ref-moved") != nil }
        #expect(moved?.refs == ["main"])
        let codes = inventory.problems.map(\.code.rawValue)
        #expect(
            codes == [
                "ref-dangling", "revision-not-cached", "ref-malformed", "ref-malformed", "folder-ignored",
                "folder-ignored", "folder-ignored",
            ])
        #expect(!inventory.problems.contains { $0.severity == .error })
    }

    @Test func findsNothingInCachesThatAreNotThere() {
        let nowhere = Caches(hub: HubCache(root: "/no/such"), kagglehub: KagglehubCache(root: "/no/such"))
        let inventory = nowhere.inventory()
        #expect(inventory.items.isEmpty)
        #expect(inventory.problems.map(\.code.rawValue) == ["cache-missing", "cache-missing"])
        #expect(inventory.problems.allSatisfy { $0.severity == .note })
    }

    @Test func countsSharedContentOnce() async throws {
        try await withTemporaryDirectory { directory in
            let commit = String(repeating: "a", count: 40)
            let folder = "\(directory)/models--a--b"
            try writeFile("\(folder)/blobs/x", [UInt8](repeating: 0, count: 1000))
            for name in ["one", "two", "three"] {
                try makeLink("\(folder)/snapshots/\(commit)/\(name)", to: "../../blobs/x")
            }
            let inventory = Caches(hub: HubCache(root: directory), kagglehub: KagglehubCache(root: directory))
                .inventory()
            #expect(inventory.items.map(\.size) == [1000])
            #expect(inventory.items.first?.snapshot.files.count == 3)
        }
    }

    @Test func leavesTheCachesAsTheyAre() async throws {
        try await withTemporaryDirectory { directory in
            let before = try listing(CacheFixtures.directory)
            _ = caches.inventory()
            _ = try snapshot("path:local-dir")
            #expect(try listing(CacheFixtures.directory) == before)
            #expect(before.count > 100)
        }
    }

    private func listing(_ directory: String) throws -> [String: FileStatus] {
        var result: [String: FileStatus] = [:]
        var pending = [directory]
        while let next = pending.popLast() {
            for name in try Directory.names(in: next) {
                let path = "\(next)/\(name)"
                let status = try FileStatus.status(of: path)
                result[path] = status
                if status.kind == .directory { pending.append(path) }
            }
        }
        return result
    }
}
