import Caches
import Formats
package import Manifests
import Storage

/// Decides whether what has a bundle's name may be replaced: nothing that a bundle did not write is ever deleted, and
/// another manifest's bundle only where that is asked for.
package struct BundleReplacement: Sendable {
    private let lock: Lock
    private let beside: Lock?
    private let isForced: Bool

    /// - Parameters:
    ///   - lock: of the bundle that is to be written.
    ///   - beside: the lock that was beside the manifest before, of which the bundle that is there may be.
    ///   - isForced: whether the bundle of another manifest is replaced, too.
    package init(_ lock: Lock, beside: Lock? = nil, isForced: Bool = false) {
        self.lock = lock
        self.beside = beside
        self.isForced = isForced
    }

    /// Throws where what has a path must stay; nothing having it is *not* an error.
    package func require(_ target: String) throws {
        if let format = ArchiveFormat(path: target) {
            try require(archive: target, format)
        } else {
            try require(directory: target)
        }
    }

    /// Throws where a directory must stay: one that is not empty and no bundle, or a bundle with changed files.
    func require(directory target: String) throws {
        guard let status = try FileStatus.existing(target) else { return }
        guard status.kind == .directory else { throw refused(target, "is not a bundle") }
        let names = try Directory.names(in: target)
        if names.isEmpty { return }
        guard names.contains(where: { Lock.bundledName.text.hasSameBytes(as: $0) }) else {
            throw refused(target, "is not a bundle")
        }
        guard let old = try? DirectoryContent(target).lock() else {
            throw refused(target, "has a \(Lock.bundledName) that cannot be read")
        }
        let tree = try BundleTree.list(target)
        try require(
            old, target, tree.files.keys.map(\.text) + tree.others, directories: tree.emptyDirectories)
        if !isForced { try requireUnchanged(tree, old, target) }
    }

    /// The most bytes of a file that is compared by content: what people edit is smaller, and weights are not read.
    private static let editedLimit = 1 << 20

    /// Throws where somebody has changed files that the bundle wrote: the changes would be lost. Files that are too
    /// large to be edited by hand are not read.
    private func requireUnchanged(_ tree: BundleTree, _ old: Lock, _ target: String) throws {
        let expected = try ExpectedFiles(lock: old)
        var written: [RelativePath: SHA256Digest] = [:]
        var changed: [RelativePath] = []
        if tree.files[SumsFile.name] != nil {
            let bytes = try FileReader.contents(
                of: SumsFile.name.joined(to: target), limit: Lock.sizeLimit)
            let sums = SumsFile.parse(bytes)
            for (path, digest) in sums ?? [:] { written[path] = digest }
            // It states the digests that the lock has, of the paths that the bundle has.
            let isOwn =
                sums != nil && expected.content.allSatisfy { written[$0.key] == $0.value.sha256 }
                && written.keys.allSatisfy { isWritten($0.text, expected) }
            if !isOwn { changed.append(SumsFile.name) }
        }
        for (path, content) in expected.content { written[path] = content.sha256 }
        for file in expected.metadata {
            let bytes = Array(file.text.utf8)
            written[file.name] = try ContentHasher.sha256(bytes.span)
        }
        for (path, status) in tree.files where status.size <= Self.editedLimit {
            guard let digest = written[path],
                let bytes = try? FileReader.contents(of: path.joined(to: target), limit: Self.editedLimit)
            else { continue }
            if try ContentHasher.sha256(bytes.span) != digest { changed.append(path) }
        }
        let signature = ModelSignature.name
        if tree.files[signature] != nil {
            let bytes = try FileReader.contents(
                of: signature.joined(to: target), limit: ModelSignature.sizeLimit)
            if !ModelSignature.isSignature(bytes) { changed.append(signature) }
        }
        // A link, for example, in the place of a file that the bundle wrote.
        changed += tree.others.compactMap { RelativePath($0) }.filter { written[$0] != nil }
        guard !changed.isEmpty else { return }
        let more = changed.count > 5 ? ["… and \(changed.count - 5) more"] : []
        throw Diagnostics(
            Diagnostic(
                code: .outputExists,
                "\(target) holds files that were changed after its bundle was written, so it is not replaced",
                notes: changed.sorted().prefix(5).map { FileWalk.shown($0.text) } + more,
                fix: "move what you want to keep to another place, and add --replace", verdict: .undecided))
    }

    /// Throws where a file must stay: one that is no archive of a bundle that can be read.
    func require(archive target: String, _ format: ArchiveFormat) throws {
        guard let status = try FileStatus.existing(target) else { return }
        guard status.kind == .file else { throw refused(target, "is not a file") }
        guard let old = try? ArchiveContent(target, format: format, isWhole: true) else {
            throw refused(target, "is not a bundle that can be read")
        }
        let paths = (old.sizes ?? [:]).keys.map(\.text)
        try require(old.lock, target, paths, directories: [])
    }

    private func require(
        _ old: Lock, _ target: String, _ paths: [String], directories: [String]
    ) throws {
        guard let expected = try? ExpectedFiles(lock: old) else {
            throw refused(target, "has a \(Lock.bundledName) that contradicts itself")
        }
        // A directory whose files somebody has removed is still the bundle's.
        let folders = Set(expected.content.keys.flatMap(\.ancestors) + ["__pycache__"])
        let others = directories.filter { RelativePath($0).map(folders.contains) != true }
        let foreign = (paths.filter { !isWritten($0, expected) } + others.map { "\($0)/" }).sortedByBytes()
        guard foreign.isEmpty else {
            let more = foreign.count > 5 ? ["… and \(foreign.count - 5) more"] : []
            throw Diagnostics(
                Diagnostic(
                    code: .outputExists,
                    "\(target) holds files that its bundle did not write, so it is not replaced",
                    notes: foreign.prefix(5).map { FileWalk.shown($0) } + more,
                    fix: "move what you want to keep to another place, or choose another --output",
                    verdict: .undecided))
        }
        guard isForced || isOwn(old) else {
            let entries = old.entries.map(\.name).joined(separator: ", ")
            throw Diagnostics(
                Diagnostic(
                    code: .outputExists,
                    "\(target) is the bundle of another manifest, so it is not replaced",
                    notes: [
                        "it is \"\(old.bundle.title)\", with \(entries.isEmpty ? "no entries" : entries)"
                    ],
                    fix: "choose another --output, or add --replace", verdict: .undecided))
        }
    }

    /// Whether a path is one of a bundle's files, or of what Python makes beside them.
    private func isWritten(_ text: String, _ expected: ExpectedFiles) -> Bool {
        if BundleComparison.isPythonCache(text) { return true }
        guard let path = RelativePath(text) else { return false }
        return expected.content[path] != nil || expected.isGenerated(path)
            || UploadMetadata.names.contains(path)
    }

    /// Whether a bundle was packed of this manifest, as far as locks tell: it has the lock that was beside it, or the same
    /// name and an entry of the same source. Directories have the same source everywhere, so that there a file counts.
    private func isOwn(_ old: Lock) -> Bool {
        if old == lock || old == beside { return true }
        guard old.bundle.name == lock.bundle.name, old.bundle.owner == lock.bundle.owner else { return false }
        return old.entries.contains { before in
            guard let now = lock.entry(named: before.name), now.kind == before.kind,
                now.asked.content == before.asked.content
            else { return false }
            switch before.origin {
            case .hub, .kaggle, .registry: return true
            case .path, .conversion:
                return before.files.contains { file in
                    now.files.contains {
                        $0.sha256 == file.sha256 && $0.path == file.path
                    }
                }
            }
        }
    }

    private func refused(_ target: String, _ reason: String) -> Diagnostics {
        Diagnostics(
            Diagnostic(
                code: .outputExists, "\(target) exists and \(reason), so it is not replaced",
                fix: "remove it, or choose another --output", verdict: .undecided))
    }
}
