import Caches
import Formats
import Manifests
import Storage

/// Takes revisions out of a cache: in one step out of sight, then what no other revision uses off the disk. It can be ended
/// anywhere, and done again.
struct RemovalWork {
    private let hub: String
    private let kaggle: String
    private let request: JSON

    /// Takes a job of this kind.
    init(_ worker: CommandWorker, _ job: Job) {
        hub = worker.settings.hubCache
        kaggle = worker.settings.kaggleCache
        request = job.request
    }

    /// What a request asks for.
    /// - Parameter revisions: the commits, or the numbers of the versions.
    static func request(_ source: Source, revisions: [String]) -> JSON {
        ["source": .string(source.text), "revisions": .array(revisions.map(JSON.string))]
    }

    /// The commits or versions of a source that a cache has; of those that are named by a revision, only that one.
    ///
    /// - Parameter revision: a branch, a tag, a commit or a version; `nil` for all.
    /// - Throws: where the cache has none.
    static func revisions(
        of source: Source, _ revision: String?, hub: String, kaggle: String
    ) throws(Diagnostics) -> [String] {
        switch source {
        case .hub(let repository, _):
            let cache = HubCache(root: hub)
            if let revision { return [try cache.resolve(repository, revision: revision)] }
            return try cache.revisions(of: repository).commits
        case .kaggle(let handle):
            let cache = KagglehubCache(root: kaggle)
            if let version = revision.flatMap({ KaggleHandle.version($0) }) ?? handle.version {
                let found = try cache.resolve(handle.with(version: version))
                return found.version.map { [String($0)] } ?? []
            }
            return cache.handles().filter { $0.with(version: nil) == handle.with(version: nil) }
                .compactMap { $0.version.map { String($0) } }
        case .registry, .path: return []
        }
    }

    /// Removes them.
    func run() throws -> JSON {
        guard let text = request["source"]?.string, let source = try? Source.parse(text),
            let revisions = request["revisions"]?.strings
        else { throw JobFailure("the job names no source") }
        var freed = 0
        for revision in revisions {
            switch source {
            case .hub(let repository, _):
                freed = freed.saturated(
                    adding: try HubRemoval(repository, cache: hub, commit: revision).run())
            case .kaggle(let handle):
                guard let version = KaggleHandle.version(revision) else { continue }
                freed = freed.saturated(
                    adding: try KaggleRemoval(handle.with(version: version), cache: kaggle).run())
            case .registry, .path: throw JobFailure("only what came from the Hub or Kaggle is removed")
            }
        }
        return ["removed": .array(revisions.map(JSON.string)), "freed": .integer(freed)]
    }
}

/// Takes one commit out of a hub cache, as `hf cache rm` does: names that point at it, its snapshot, and blobs that only it has.
struct HubRemoval {
    private let folder: String
    private let commit: String

    /// Names the commit, of 40 hexadecimal digits.
    init(_ repository: HubRepository, cache: String, commit: String) throws {
        guard GitBlobDigest(hex: commit) != nil else { throw JobFailure("\(commit) is no commit") }
        folder = Path.join(try Directory.realPath(cache), repository.folder)
        self.commit = commit
        // A link could lead into another cache.
        guard try FileStatus.existing(folder)?.kind != .link else {
            throw JobFailure("the folder of \(repository.id) is a link: remove what it leads to yourself")
        }
    }

    /// Removes it.
    /// - Returns: the bytes that became free.
    func run() throws -> Int {
        let snapshot = Path.join(folder, "snapshots/\(commit)")
        // A name that no client looks for, and that states what is in it, should this be ended.
        let hidden = Path.join(folder, ".knapsack.removed.\(commit)")
        try removeRefs(Path.join(folder, "refs"))
        if try FileStatus.existing(snapshot)?.kind == .directory {
            // A commit that was fetched again after an earlier removal was ended.
            if try FileStatus.existing(hidden) != nil { try finish(hidden) }
            try AtomicFile.rename(snapshot, to: hidden)
            try AtomicFile.synchronizeDirectory(of: snapshot)
        }
        return try finish(hidden)
    }

    @discardableResult
    private func finish(_ hidden: String) throws -> Int {
        guard try FileStatus.existing(hidden) != nil else { return 0 }
        var wanted: Set<ExactName> = []
        let snapshots = Path.join(folder, "snapshots")
        for name in (try? Directory.names(in: snapshots)) ?? [] {
            try blobs(below: Path.join(snapshots, name), depth: 1, into: &wanted)
        }
        var own: Set<ExactName> = []
        try blobs(below: hidden, depth: 1, into: &own)
        var freed = 0
        for blob in own.subtracting(wanted) {
            let path = Path.join(folder, "blobs/\(blob.text)")
            guard let status = try FileStatus.existing(path) else { continue }
            if status.kind == .file { freed = freed.saturated(adding: status.size) }
            try Directory.removeFile(path)
        }
        try Directory.removeFile(Path.join(folder, "trees/\(commit).json"))
        try Directory.removeTree(Path.join(folder, ".no_exist/\(commit)"))
        try Directory.removeTree(hidden)
        for name in [".no_exist", "trees", "snapshots", "refs", "blobs", ""] {
            try Directory.removeIfEmpty(name.isEmpty ? folder : Path.join(folder, name))
        }
        return freed
    }

    /// Removes the names that point at the commit, and directories of names that are empty then.
    private func removeRefs(_ directory: String) throws {
        for name in (try? Directory.names(in: directory)) ?? [] {
            let path = Path.join(directory, name)
            switch try FileStatus.existing(path)?.kind {
            case .directory?:
                try removeRefs(path)
                try Directory.removeIfEmpty(path)
            case .file?:
                guard let bytes = try? FileReader.contents(of: path, limit: 1024) else { continue }
                let text = String(
                    decoding: HeaderFields.trimmed(bytes.filter { $0 != 0x0A && $0 != 0x0D }[...]),
                    as: UTF8.self)
                if text.hasSameBytes(as: commit) { try Directory.removeFile(path) }
            default: continue
            }
        }
    }

    /// The blobs that links below a directory name: "../../blobs/NAME" in a snapshot, one more ".." for each directory in it.
    private func blobs(below directory: String, depth: Int, into found: inout Set<ExactName>) throws {
        guard depth < 64 else { throw JobFailure("the snapshot has too many directories in each other") }
        for name in (try? Directory.names(in: directory)) ?? [] {
            let path = Path.join(directory, name)
            switch try FileStatus.existing(path)?.kind {
            case .directory?: try blobs(below: path, depth: depth + 1, into: &found)
            case .link?:
                let parts = Path.parts(try Directory.linkText(path)).map(String.init)
                guard parts.count == depth + 3, parts.dropLast(2).allSatisfy({ $0.hasSameBytes(as: "..") }),
                    parts[depth + 1].hasSameBytes(as: "blobs")
                else { continue }
                found.insert(ExactName(parts[depth + 2]))
            default: continue
            }
        }
    }
}

/// Takes one version out of a kagglehub cache: its directory, its markers, what is left of its archive.
struct KaggleRemoval {
    private let root: String
    private let handle: KaggleHandle

    /// Names the version.
    init(_ handle: KaggleHandle, cache: String) throws {
        root = try Directory.realPath(cache)
        self.handle = handle
    }

    /// Removes it.
    /// - Returns: the bytes that became free.
    func run() throws -> Int {
        let place = Path.join(root, handle.dataFolder)
        let hidden = Path.join(Path.parent(place), ".knapsack.removed.\(Path.name(place))")
        guard try Directory.realPath(Path.parent(place)).hasSameBytes(as: Path.parent(place)) else {
            throw JobFailure("a link is on the way to \(handle.text): remove what it leads to yourself")
        }
        if try FileStatus.existing(place)?.kind == .directory {
            try Directory.removeTree(hidden)
            try AtomicFile.rename(place, to: hidden)
            try AtomicFile.synchronizeDirectory(of: place)
        }
        let folder = Path.join(root, handle.folder)
        for name in handle.markerNames {
            try Directory.removeFile(Path.join(folder, "\(name).complete"))
            try Directory.removeFile(Path.join(folder, "\(name).archive"))
        }
        try Directory.removeTree(Path.join(root, handle.fileMarkersFolder))
        let freed = try KaggleRemoval.size(hidden)
        try Directory.removeTree(hidden)
        var directory = Path.parent(place)
        // The directories of the handle, as far as nothing else is in them.
        while Path.isInside(directory, root), !directory.hasSameBytes(as: root) {
            try? Directory.removeIfEmpty(Path.join(directory, ".complete"))
            try Directory.removeIfEmpty(directory)
            directory = Path.parent(directory)
        }
        return freed
    }

    private static func size(_ path: String) throws -> Int {
        guard let status = try FileStatus.existing(path) else { return 0 }
        guard status.kind == .directory else { return status.kind == .file ? status.size : 0 }
        return try Directory.names(in: path).reduce(0) { $0.saturated(adding: try size(Path.join(path, $1))) }
    }
}
