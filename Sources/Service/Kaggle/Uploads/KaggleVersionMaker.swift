import Caches
import Catalogue
import Formats
import Manifests
import ModelFacts
import Storage

/// Makes a version of uploads: looked at, put together beside the versions, and then all of it at once.
struct KaggleVersionMaker {
    private let store: KaggleStore
    private let user: String
    private let isAdmin: Bool

    /// The most files of a version, the deepest directory, and the most bytes that come of one byte of an archive.
    private static let fileLimit = 10_000
    private static let depthLimit = 64
    private static let ratioLimit = 200

    /// - Parameters:
    ///   - user: who makes it; empty where nobody has to be known.
    ///   - isAdmin: whether uploads of others are taken, too.
    init(_ store: KaggleStore, user: String, isAdmin: Bool) {
        self.store = store
        self.user = user
        self.isAdmin = isAdmin
    }

    private struct Item {
        let path: RelativePath
        let upload: KaggleStore.Upload
    }

    /// Makes the next version.
    /// - Parameters:
    ///   - base: the handle without a version.
    ///   - tree: `files` and `directories`, each file by its token.
    ///   - isFirst: whether there may be none yet, or has to be one.
    ///   - metadata: what is stated of it, to be kept beside it; `nil` for another version, which leaves that.
    /// - Returns: its number.
    func make(
        _ base: KaggleHandle, _ tree: JSON, isFirst: Bool, metadata: JSON?
    ) throws(KaggleUploadProblem) -> Int {
        var items: [Item] = []
        try collect(tree, "", depth: 0, &items)
        guard !items.isEmpty else { throw .refused(400, "there are no files in it") }
        return try store.alone { () throws(KaggleUploadProblem) -> Int in
            let numbers = versions(base)
            if isFirst {
                guard numbers.isEmpty else { throw .refused(409, "there is one of that name already") }
            } else {
                // What is stated of it stays when its only version is deleted.
                guard !numbers.isEmpty || isStated(base) else {
                    throw .refused(404, "there is none of that name")
                }
            }
            let place = Path.join(store.workshop, "versions/\(AccessToken.generate())")
            defer { try? Directory.removeTree(place) }
            do {
                let paths = try put(items, into: place)
                try review(paths, in: place)
                try share(paths, in: place)
                let version = base.with(version: max(numbers.max() ?? 0, store.lastDeleted(base)) + 1)
                if let metadata {
                    try keep(metadata, at: metadataPath(base))
                }
                try publish(place, as: version)
                store.end(items.map(\.upload))
                return version.version ?? 0
            } catch let problem as KaggleUploadProblem {
                throw problem
            } catch let error as FileError {
                throw .file(error)
            } catch let error as ArchiveError {
                throw .refused(400, "an archive is refused: \(error.reason)")
            } catch {
                throw .failed
            }
        }
    }

    /// Where it is kept what is stated of a model's variation or a data set.
    private func metadataPath(_ base: KaggleHandle) -> String {
        Path.join(store.root, "\(base.folder)/knapsack.json")
    }

    /// Whether something is stated of it: it was made, and not deleted as a whole.
    private func isStated(_ base: KaggleHandle) -> Bool {
        ((try? FileStatus.existing(metadataPath(base))) ?? nil) != nil
    }

    /// The numbers that are taken, whether their versions are whole or not.
    private func versions(_ base: KaggleHandle) -> [Int] {
        let folder = Path.join(store.root, base.versionsFolder)
        return ((try? Directory.names(in: folder)) ?? []).compactMap(KaggleHandle.version)
    }

    /// Writes a document beside the versions.
    func keep(_ metadata: JSON, at path: String) throws(FileError) {
        try Directory.make(Path.parent(path))
        _ = try AtomicFile.write(Array((metadata.prettyText + "\n").utf8), to: path)
    }

    // MARK: Files

    private func collect(
        _ folder: JSON, _ prefix: String, depth: Int, _ items: inout [Item]
    ) throws(KaggleUploadProblem) {
        guard depth < KaggleVersionMaker.depthLimit else {
            throw .refused(400, "the directories are too deep")
        }
        for file in folder["files"]?.array ?? [] {
            guard let token = file["token"]?.string, let upload = store.upload(token),
                isAdmin || upload.user.hasSameBytes(as: user)
            else { throw .refused(400, "a file was not uploaded, or too long ago") }
            guard store.bytesThere(upload) == upload.size else {
                throw .refused(400, "\(upload.name) did not come whole")
            }
            guard let path = RelativePath(prefix + upload.name) else {
                throw .refused(400, "the name \(upload.name) cannot be kept")
            }
            guard items.count < KaggleVersionMaker.fileLimit else {
                throw .refused(400, "there are too many files")
            }
            items.append(Item(path: path, upload: upload))
        }
        for inner in folder["directories"]?.array ?? [] {
            guard let name = inner["name"]?.string, RelativePath(name)?.components.count == 1 else {
                throw .refused(400, "a directory has no name that can be kept")
            }
            try collect(inner, "\(prefix)\(name)/", depth: depth + 1, &items)
        }
    }

    /// Gives files their places; archives at the top become directories, as Kaggle makes them.
    private func put(_ items: [Item], into place: String) throws -> [RelativePath] {
        try Directory.make(place)
        var paths: Set<RelativePath> = []
        var folders: Set<RelativePath> = []
        func add(_ path: RelativePath) throws {
            let isFree = paths.insert(path).inserted && !folders.contains(path)
            guard isFree, !path.ancestors.contains(where: paths.contains) else {
                throw KaggleUploadProblem.refused(400, "two files would be at \(path)")
            }
            folders.formUnion(path.ancestors)
            guard paths.count <= KaggleVersionMaker.fileLimit else {
                throw KaggleUploadProblem.refused(400, "there are too many files")
            }
            try Directory.make(Path.parent(path.joined(to: place)))
        }
        for item in items {
            guard item.path.components.count == 1, let format = ArchiveFormat(path: item.path.text),
                format != .tarZstd
            else {
                try add(item.path)
                try Directory.makeHardLink(to: store.content(item.upload), at: item.path.joined(to: place))
                continue
            }
            let name = String(Substring(item.path.text.utf8.dropLast(format.suffix.utf8.count)))
            // The only file of a version is the version.
            let prefix = items.count == 1 ? "" : name + "/"
            var archive = try ArchiveReader(path: store.content(item.upload), format: format)
            var left = max(
                1 << 26,
                item.upload.size.multipliedReportingOverflow(by: KaggleVersionMaker.ratioLimit).partialValue)
            while let entry = try archive.next() {
                guard entry.size <= left else {
                    throw KaggleUploadProblem.refused(400, "the archive becomes too large")
                }
                left -= entry.size
                guard let path = RelativePath(prefix + entry.path.text) else {
                    throw KaggleUploadProblem.refused(400, "the name \(entry.path) cannot be kept")
                }
                try add(path)
                guard try Directory.freeBytes(at: place) - entry.size >= KaggleStore.reserve else {
                    throw KaggleUploadProblem.full
                }
                let file = try FileHandle.creating(path.joined(to: place))
                try archive.read { bytes in try file.write(bytes) }
                try file.synchronizeContent()
            }
        }
        return paths.sorted()
    }

    private func review(_ paths: [RelativePath], in place: String) throws {
        let review = UploadReview(
            try paths.map { path in
                let location = path.joined(to: place)
                return ModelFile(
                    path: path, location: location, size: try FileStatus.status(of: location).size)
            })
        guard review.refusals.isEmpty else {
            throw KaggleUploadProblem.refused(
                400, "refused: \(review.refusals.prefix(5).joined(separator: "; "))")
        }
    }

    /// Has equal contents on the disk once.
    private func share(_ paths: [RelativePath], in place: String) throws {
        var buffer = Buffer(count: FileReader.blockSize)
        for path in paths {
            let location = path.joined(to: place)
            let read = try FileReader.read(location, gitBlob: false, buffer: &buffer) { _ in }
            let name = read.digests.sha256.hex
            let content = Path.join(store.workshop, "content/\(name.prefix(2))/\(name)")
            if try FileStatus.existing(content)?.size == read.status.size {
                try Directory.removeFile(location)
                try Directory.makeHardLink(to: content, at: location)
            } else {
                try Directory.make(Path.parent(content))
                try? Directory.removeFile(content)
                try Directory.makeHardLink(to: location, at: content)
            }
        }
        // All of it has to be on the disk before the name of the version is.
        try PartialDirectory.synchronize(place)
    }

    private func publish(_ place: String, as version: KaggleHandle) throws {
        let target = Path.join(store.root, version.dataFolder)
        try Directory.make(Path.parent(target))
        try AtomicFile.renameNew(place, to: target)
        // The directories above it may be new, too.
        var made = target
        while Path.isInside(made, store.root), !made.hasSameBytes(as: store.root) {
            try AtomicFile.synchronizeDirectory(of: made)
            made = Path.parent(made)
        }
        let marker = store.marker(version)
        _ = try FileHandle.creating(marker)
        try AtomicFile.synchronizeDirectory(of: marker)
    }
}
