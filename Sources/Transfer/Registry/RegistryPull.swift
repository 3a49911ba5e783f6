package import Caches
import Formats
package import Manifests
package import Storage
import Synchronization

/// Loads the files of an artifact into a directory of its own, and gives it its name when all of it is proved.
package final class RegistryPull: Sendable {
    private let client: RegistryClient
    private let artifact: RegistryArtifact
    /// Where contents are while they are loaded: a later run goes on there.
    private let staging: String
    /// Keeps others from loading to the same place.
    private let claim: FileHandle

    /// Claims the place to which contents are loaded.
    ///
    /// - Parameter target: the directory that the files get; it does not exist yet.
    /// - Throws: ``Diagnostics``, also where another process is loading into it.
    package init(_ client: RegistryClient, _ artifact: RegistryArtifact, target: String) throws {
        self.client = client
        self.artifact = artifact
        staging = Self.staging(target)
        do {
            guard let claim = try FileHandle.claimingDirectory(staging) else { throw PullIsRunning() }
            self.claim = claim
        } catch {
            throw Diagnostics(RegistryFindings(client).finding(error, writes: false))
        }
    }

    /// Where contents for a directory are loaded to.
    package static func staging(_ target: String) -> String {
        Path.join(Path.parent(target), ".\(Path.name(target)).pull")
    }

    /// Removes the empty directory that a pull left which was killed after it gave its target the name; one with
    /// anything in it, and one that another process is using, stay.
    package static func removeLeftover(of target: String) throws(FileError) {
        let staging = staging(target)
        guard try FileStatus.existing(staging)?.kind == .directory,
            let claim = try FileHandle.claimingDirectory(staging)
        else { return }
        if try Directory.names(in: staging).isEmpty { try Directory.removeTree(staging) }
        _ = claim
    }

    /// The directory with all files, before it gets its name.
    package var tree: String { Path.join(staging, "tree") }

    /// Loads what is not there yet, and puts the files into ``tree``.
    /// - Throws: ``Diagnostics`` for everything that can be told in a sentence of its own.
    package func load(
        connections: Int, throttle: Throttle, progress: @escaping ProgressHandler,
        notify: @escaping @Sendable (String) -> Void
    ) async throws {
        do {
            try Directory.removeTree(tree)
            try Directory.make(Path.join(staging, "blobs"))
            for (digest, content) in artifact.unpacked {
                try AtomicFile.write(Array(content), to: Path.join(staging, "blobs/\(digest.hex)"))
            }
            try await loadContents(connections, throttle, progress, notify)
            try place()
        } catch let problems as Diagnostics {
            throw problems
        } catch {
            throw Diagnostics(RegistryFindings(client).finding(error, writes: false))
        }
    }

    /// Removes what was needed until now, and gives the directory its name.
    ///
    /// Whoever is killed in between leaves at most an empty directory, see ``removeLeftover(of:)``.
    package func publish(as target: String) throws(FileError) {
        try PartialDirectory.synchronize(tree)
        try Directory.removeTree(Path.join(staging, "blobs"))
        try AtomicFile.renameNew(tree, to: target)
        try AtomicFile.synchronizeDirectory(of: target)
        try Directory.removeTree(staging)
    }

    /// Removes everything that was loaded.
    package func remove() throws(FileError) { try Directory.removeTree(staging) }

    private func loadContents(
        _ connections: Int, _ throttle: Throttle, _ progress: @escaping ProgressHandler,
        _ notify: @escaping @Sendable (String) -> Void
    ) async throws {
        let work = RegistryWork(client, artifact, directory: Path.join(staging, "blobs"))
        progress(.began(stage: "pulling", files: work.count, bytes: work.missing))
        defer { progress(.ended) }
        let downloader = Downloader(
            work, patience: client.requester.patience, throttle: throttle, progress: progress, notify: notify)
        let outcomes: [BlobOutcome]
        do {
            outcomes = try await downloader.run(connections: connections)
        } catch {
            throw error.cause
        }
        for outcome in outcomes {
            switch outcome {
            case .loaded, .found, .mended: break
            case .failed(let error): throw error
            case .busy: throw PullIsRunning()
            }
        }
    }

    /// Moves the contents to their paths; of those that several files have, the others are copies.
    private func place() throws {
        var left: [SHA256Digest: Int] = [:]
        for file in artifact.files { left[file.sha256, default: 0] += 1 }
        for file in artifact.files {
            let content = Path.join(staging, "blobs/\(file.sha256.hex)")
            let path = file.path.joined(to: tree)
            try Directory.make(Path.parent(path))
            let rest = (left[file.sha256] ?? 1) - 1
            left[file.sha256] = rest
            if rest == 0 {
                try AtomicFile.rename(content, to: path)
            } else {
                try copy(content, to: path, size: file.size)
            }
        }
    }

    private func copy(_ content: String, to path: String, size: Int) throws {
        let source = try FileHandle.reading(content)
        let target = try FileHandle.creating(path)
        var buffer = Buffer(count: FileReader.blockSize)
        try source.read(0..<size, into: &buffer) { bytes in try target.write(bytes) }
    }
}

/// Another process is loading into the same directory.
struct PullIsRunning: Error {}

/// The contents of an artifact, each once.
struct RegistryWork: DownloadWork {
    private let client: RegistryClient
    private let directory: String
    private let files: [RegistryArtifact.File]
    /// How many bytes have to be loaded.
    let missing: Int

    /// Looks what is in the directory already.
    init(_ client: RegistryClient, _ artifact: RegistryArtifact, directory: String) {
        self.client = client
        self.directory = directory
        var seen: Set<SHA256Digest> = []
        files = artifact.files.filter {
            artifact.unpacked[$0.sha256] == nil && seen.insert($0.sha256).inserted
        }
        missing = files.reduce(0) { sum, file in
            let path = Path.join(directory, file.sha256.hex)
            if Directory.leadsToFile(path, size: file.size) { return sum }
            let identity = BlobIdentity(proof: .sha256(file.sha256), size: file.size)
            return sum + max(0, file.size - PartialBlob.bytesThere(identity, at: path))
        }
    }

    var count: Int { files.count }

    func size(of content: Int) -> Int { files[content].size }

    func name(of content: Int) -> String { files[content].path.text }

    func task(_ content: Int) -> BlobTask? {
        let file = files[content]
        let rules = RegistryBlobRules(client: client, digest: file.sha256, name: file.path.text)
        return BlobTask(
            BlobIdentity(proof: .sha256(file.sha256), size: file.size),
            from: WebFile(rules, size: file.size, name: file.path.text, client.requester),
            to: RegistryTarget(path: Path.join(directory, file.sha256.hex)),
            as: [RegistryName(text: file.path.text)], locked: nil)
    }
}

/// Where a content is loaded to.
private struct RegistryTarget: BlobTarget {
    let path: String
    var lockPath: String { path + ".lock" }
}

/// What sentences call a content; its file is moved to its path when all are there.
private struct RegistryName: BlobName {
    let text: String

    func publish() {}
}
