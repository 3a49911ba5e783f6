import Formats
import Manifests
import Storage

extension HubFolder {
    /// The snapshot that a revision means now.
    mutating func snapshot(revision: String) throws(Diagnostics) -> Snapshot {
        let resolved = try resolve(revision)
        let snapshot = try snapshot(ref: revision, commit: resolved.commit, problems: resolved.problems)
        guard resolved.isRef else { return snapshot }
        return snapshot.adding(moved(revision, snapshot, resolved.commit))
    }

    /// The snapshot of a commit, with what is wrong with its files.
    mutating func snapshot(
        ref: String, commit: String, problems: [Snapshot.Problem] = []
    ) throws(Diagnostics) -> Snapshot {
        guard commits.contains(commit), let place = try? enclosure.place("snapshots/" + commit, in: path)
        else {
            throw Diagnostics(notCached(commit))
        }
        var problems = problems
        let listing = TreeListing.read("trees/\(commit).json", in: path, &enclosure, repository.id, &problems)
        let words = FileWalk.Words(
            subject: repository.id, enclosure: "the cache",
            fix: "delete the link, then \(download(commit))")
        let (folder, root, hasSharedStore) = (path, root, hasSharedStore)
        let walk = FileWalk(
            of: place.path, in: &enclosure, words: words,
            refuses: { found in
                HubFolder.refusal(of: found.path, folder: folder, root: root, hasSharedStore: hasSharedStore)
            })
        problems += walk.problems

        let blobs = (try? enclosure.place("blobs", in: path))?.path
        let store = hasSharedStore ? Path.join(root, "blobs") : nil
        var files: [CachedFile] = []
        files.reserveCapacity(walk.files.count)
        for file in walk.files {
            let tree = listing?.files[file.path]
            let evidence =
                HubFolder.evidence(file.place.steps, blobs: blobs, store: store) + (tree?.evidence ?? [])
            let cached = CachedFile(
                path: file.path, location: file.place.path, status: file.place.status,
                evidence: Evidence.sorted(evidence), expectedSize: tree?.size)
            files.append(cached)
            let delete = "delete \(FileWalk.shown(cached.location)), then \(download(commit))"
            if let problem = cached.fault(subject: repository.id, fix: delete) { problems.append(problem) }
        }
        let present = Set(files.map(\.path))
        problems += interrupted(listing, present: present, commit)
        problems += denied(present: present, commit)
        return Snapshot(
            origin: .hub(repository, ref: ref, commit: commit), directory: place.path, files: files,
            listed: listing?.files, problems: problems)
    }

    /// Why content in the cache may not be taken for a file of a repository: it must be in the
    /// repository's own folder or in the shared store.
    private static func refusal(
        of path: String, folder: String, root: String, hasSharedStore: Bool
    ) -> String? {
        if Path.isInside(path, folder) { return nil }
        guard Path.isInside(path, Path.join(root, "blobs")) else {
            return "leads into another part of the cache"
        }
        return hasSharedStore
            ? nil : "leads into a store of blobs without the marker that huggingface_hub sets"
    }

    /// What the names of blobs on a way state: of the repository's own, and of those in the shared store.
    private static func evidence(_ steps: [String], blobs: String?, store: String?) -> [Evidence] {
        steps.compactMap { step in
            if let name = blobs.flatMap({ HubFolder.name(step, in: $0) }) {
                return Evidence(etag: name, .blob)
            }
            // In directories of the first two digits, beside files with more than the name.
            guard let name = store.flatMap({ HubFolder.name(step, in: $0) }),
                let hash = XetHash(text: String(Substring(name.utf8.dropFirst(3)))),
                name.hasSameBytes(as: "\(hash.text.prefix(2))/\(hash)")
            else { return nil }
            return .xet(hash, .blob)
        }
    }

    /// What follows a directory in a path; `nil` for a path that is elsewhere.
    private static func name(_ path: String, in directory: String) -> String? {
        let prefix = Array((directory + "/").utf8)
        return path.utf8.starts(with: prefix) ? String(Substring(path.utf8.dropFirst(prefix.count))) : nil
    }
}

extension CachedFile {
    /// What is wrong with the content, as far as that can be told without reading it.
    package func fault(subject: String, fix: String) -> Snapshot.Problem? {
        let name = "\(subject): \(FileWalk.shown(path))"
        if let expectedSize, expectedSize != status.size {
            return Snapshot.Problem(
                Diagnostic(
                    code: .sizeMismatch, "\(name) does not have the size that the revision's tree gives",
                    notes: ["expected \(expectedSize) bytes", "found    \(status.size) bytes"], fix: fix),
                [path.text])
        }
        // Two digests of one kind that differ cannot both hold.
        for (before, next) in zip(evidence, evidence.dropFirst()) where before.contradicts(next) {
            return Snapshot.Problem(
                Diagnostic(
                    code: .blobMismatch, "\(name) is a link to the blob of another file",
                    notes: [before.words, next.words], fix: fix),
                [path.text])
        }
        return nil
    }
}

extension TreeListing {
    /// Reads a listing if there is one; one that cannot be used is a problem that hinders nothing.
    static func read(
        _ path: String, in directory: String, _ enclosure: inout CacheSandbox, _ subject: String,
        _ problems: inout [Snapshot.Problem]
    ) -> TreeListing? {
        do {
            let place = try enclosure.place(path, in: directory)
            return try TreeListing(FileReader.contents(of: place.path, limit: sizeLimit))
        } catch CacheSandbox.Refusal.missing {
            return nil
        } catch {
            let reason = (error as? Unusable)?.reason ?? "cannot be read"
            problems.append(
                Snapshot.Problem(
                    Diagnostic(
                        code: .treeIgnored, "\(subject): \(FileWalk.shown(path)) \(reason)",
                        notes: ["the files are not compared with it"])))
            return nil
        }
    }
}
