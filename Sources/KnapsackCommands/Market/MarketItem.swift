import Caches
import Catalogue
import Formats
import Manifests
import ModelFacts
import Service
import Storage

/// One revision of a model as the marketplace reads it: out of a cache, or out of the catalogue.
struct MarketItem {
    /// What it is asked for by, without the revision: "hf:org/name", "local:user/model", or "here:org/name".
    let id: String
    /// The name without the scheme.
    let name: String
    /// "model", "dataset", …
    let kind: String
    /// "hub", "kaggle", "registry" or "catalogue".
    let origin: String
    /// The source as a manifest names it, with the revision; `nil` for what no manifest can name.
    let source: Source?
    /// The commit, the version, or the digest of the manifest.
    let revision: String
    /// The branches and tags that point at it.
    let refs: [String]
    /// The files; of the catalogue with what names their content.
    let files: [ModelFile]
    /// The files as their cache has them; none for the catalogue, which proved its own when they came.
    let cached: [CachedFile]
    /// What else is known of the revision.
    let known: ModelRevision
    /// What is wrong with it by names and sizes alone.
    let problems: [Diagnostic]
    /// The bytes of its files, equal ones once.
    let size: Int
    /// The last change of a file, in nanoseconds since 1970.
    let updated: Int64
    /// What somebody stated of it in the catalogue.
    let stated: JSON?
    /// What the files are by: changes when one of them does.
    let key: String
    /// Where the entry of a manifest comes from; `nil` for the catalogue.
    let lockOrigin: Origin?

    /// A revision of a cache; `nil` for what is no repository.
    init?(_ item: Inventory.Item) {
        let snapshot = item.snapshot
        switch snapshot.origin {
        case .hub(let repository, _, let commit):
            let ref = item.refs.contains("main") ? "main" : item.refs.first ?? commit
            source = .hub(repository, revision: ref)
            (name, kind, origin, revision) = (repository.id, repository.kind.rawValue, "hub", commit)
            id = MarketItem.id(.hub(repository, revision: "main"))
        case .kaggle(let handle):
            source = .kaggle(handle)
            name = handle.parts.joined(separator: "/")
            (kind, origin) = (handle.kind.rawValue, "kaggle")
            revision = handle.version.map(String.init) ?? ""
            id = MarketItem.id(.kaggle(handle))
        case .registry(let artifact, let manifest):
            source = .registry(artifact)
            name =
                "\(artifact.reference.authority)/\(artifact.reference.repository)"
                + (artifact.entry.map { "#\($0)" } ?? "")
            (kind, origin, revision) = ("model", "registry", "sha256:\(manifest.hex)")
            id = "oci:\(name)"
        case .path, .conversion: return nil
        }
        lockOrigin = snapshot.origin
        refs = item.refs
        files = snapshot.files.map { ModelFile(path: $0.path, location: $0.location, size: $0.status.size) }
        cached = snapshot.files
        known = snapshot.revision
        problems = snapshot.problems
        size = item.size
        updated = snapshot.files.map(\.status.modified).max() ?? 0
        stated = nil
        var words = [id, revision]
        for file in snapshot.files {
            let status = file.status
            words.append(file.path.text)
            words.append(
                "\(status.device) \(status.inode) \(status.size) \(status.modified) \(status.changed)")
        }
        words += (snapshot.listed ?? [:]).keys.sorted().map(\.text)
        words += snapshot.problems.map { "\($0.code.rawValue) \($0.message)" }
        key = MarketItem.key(words)
    }

    /// A version of the catalogue.
    init(_ version: FoundVersion, _ store: ContentStore) {
        id = MarketItem.id(version)
        name = "\(version.user)/\(version.model)"
        (kind, origin, source, lockOrigin) = ("model", "catalogue", nil, nil)
        revision = version.version
        refs = []
        files = version.files.map { found in
            ModelFile(
                path: found.file.path, location: store.path(of: found.file.content.sha256),
                size: found.file.content.size)
        }
        cached = []
        known = ModelRevision(files: files, listed: [])
        problems = []
        size = version.files.saturatedSum { $0.file.content.size }
        updated = 0
        stated = try? JSON.parse(Array(version.text.utf8))
        key = MarketItem.key(version)
    }

    /// A repository that clients of the Hub uploaded, at a commit.
    init(
        _ stored: StoredRepository, _ commit: RepositoryCommit, _ files: [RepositoryFile],
        _ store: ContentStore
    ) {
        let repository = stored.repository
        id = MarketItem.id(stored)
        (name, kind, origin, revision) = (repository.id, repository.kind.rawValue, "catalogue", commit.name)
        source = .hub(repository, revision: "main")
        lockOrigin = .hub(repository, ref: "main", commit: commit.name)
        refs = ["main"]
        self.files = files.map {
            ModelFile(path: $0.path, location: store.path(of: $0.sha256), size: $0.size)
        }
        cached = []
        known = ModelRevision(files: self.files, listed: [])
        problems = []
        size = files.saturatedSum(\.size)
        updated = commit.time.multipliedReportingOverflow(by: 1_000_000_000).partialValue
        let visibility = stored.isPrivate ? "private" : "public"
        stated = ["user_id": .string(stored.owner), "visibility": .string(visibility)]
        key = MarketItem.key(stored, commit)
    }

    /// The name in an id, by which others state that they were made from it: "user/model" of "local:user/model".
    static func plainName(_ id: String) -> String {
        guard let colon = id.utf8.firstIndex(of: UInt8(ascii: ":")) else { return id }
        return String(id[id.utf8.index(after: colon)...])
    }

    /// What a version of the catalogue is asked for by.
    static func id(_ version: FoundVersion) -> String { "local:\(version.user)/\(version.model)" }

    /// What a repository that clients of the Hub uploaded is asked for by.
    static func id(_ stored: StoredRepository) -> String {
        MarketModel.id(of: stored.repository)
    }

    /// A name for all that a version of the catalogue is read from.
    static func key(_ version: FoundVersion) -> String {
        key(
            [id(version), version.version, version.text]
                + version.files.flatMap { [$0.file.path.text, $0.file.content.sha256.hex] })
    }

    /// A name for all that a commit of the catalogue is read from.
    static func key(_ stored: StoredRepository, _ commit: RepositoryCommit) -> String {
        key([id(stored), commit.name, stored.isPrivate ? "private" : "public"])
    }

    /// The source without its revision.
    static func id(_ source: Source) -> String {
        switch source {
        case .hub(let repository, _):
            let text = Source.hub(repository, revision: "main").text
            return text.hasUTF8Suffix("@main") ? String(text.dropLast(5)) : text
        case .kaggle(let handle): return Source.kaggle(handle.with(version: nil)).text
        case .registry, .path: return source.text
        }
    }

    /// A name for all that something was read from. The first word changes when more is read.
    private static func key(_ words: [String]) -> String {
        let text = (["market 2 \(Knapsack.version)"] + words).joined(separator: "\n")
        return (try? ContentHasher.sha256(Array(text.utf8).span))?.hex ?? ""
    }
}
