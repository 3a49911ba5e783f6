import Caches
import Formats
import Manifests
import Storage

/// What of repositories is in the caches, by names and sizes alone.
struct CacheState {
    /// One revision that is there.
    struct Revision: Equatable {
        /// The commit, the version, or the digest of the manifest.
        let revision: String
        /// The branches and tags that point at it.
        let refs: [String]
        /// The bytes of its files that are there.
        let size: Int
    }

    private var revisions: [Source: [Revision]] = [:]

    /// Looks at all caches. One that does not exist holds nothing.
    init(_ caches: Caches) {
        for item in caches.inventory().items {
            switch item.snapshot.origin {
            case .hub(let repository, _, let commit):
                revisions[.hub(repository, revision: ""), default: []].append(
                    Revision(revision: commit, refs: item.refs, size: item.size))
            case .kaggle(let handle):
                revisions[.kaggle(handle.with(version: nil)), default: []].append(
                    Revision(revision: handle.version.map(String.init) ?? "", refs: [], size: item.size))
            case .registry(let artifact, let manifest):
                revisions[.registry(artifact.anywhere), default: []].append(
                    Revision(revision: manifest.hex, refs: item.refs, size: item.size))
            case .path, .conversion: break
            }
        }
    }

    /// What is there of a source, whatever its revision.
    func of(_ source: Source) -> [Revision] {
        switch source {
        case .hub(let repository, _): revisions[.hub(repository, revision: "")] ?? []
        case .kaggle(let handle): revisions[.kaggle(handle.with(version: nil))] ?? []
        case .registry(let artifact): revisions[.registry(artifact.anywhere)] ?? []
        case .path: []
        }
    }

    /// What a table states: the size of the wanted revision, "older" before that of another one, "-" for nothing.
    /// - Parameter commit: the revision that is wanted; where it is not known, any is.
    func cell(_ source: Source, commit: String?) -> String {
        let all = of(source)
        guard let commit else { return all.map(\.size).max().map(ByteCount.text) ?? "-" }
        if let same = all.first(where: { $0.revision.hasSameBytes(as: commit) }) {
            return ByteCount.text(same.size)
        }
        return all.map(\.size).max().map { "older \(ByteCount.text($0))" } ?? "-"
    }

    /// The records of `--json`.
    func json(_ source: Source) -> JSON {
        .array(of(source).map(CacheState.json))
    }

    /// The record of one revision.
    static func json(_ revision: Revision) -> JSON {
        [
            "revision": .string(revision.revision), "refs": .array(revision.refs.map(JSON.string)),
            "size": .integer(revision.size),
        ]
    }
}
