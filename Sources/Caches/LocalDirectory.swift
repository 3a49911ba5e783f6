import Formats
package import Manifests
import Storage

/// A directory that a `path:` source names. Read, never written.
///
/// What no one means by "the files of this directory" is left out: `.git` at any place, and
/// `.cache/huggingface`, where huggingface_hub keeps what it knows of a download.
package struct LocalDirectory: Sendable {
    /// The directory as the manifest names it.
    package let name: String
    /// The directory's path, for the process; it may be a link.
    package let path: String

    /// Names a directory; nothing is looked at yet.
    /// - Parameter base: what a relative name is seen from: the manifest's directory.
    package init(_ name: String, relativeTo base: String) {
        self.name = name
        path = Path.join(base, name)
    }

    /// The files of the directory.
    ///
    /// - Throws: if there is no such directory. Problems of single files are in the snapshot.
    package func snapshot() throws(Diagnostics) -> Snapshot {
        var enclosure: CacheSandbox
        do throws(FileError) {
            enclosure = try CacheSandbox(path)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .directoryMissing,
                    "path:\(FileWalk.shown(name)) is not a directory that can be read",
                    notes: ["\(error)"],
                    fix: "make it, or correct the source; it is relative to the manifest",
                    verdict: .undecided))
        }
        let subject = "path:\(FileWalk.shown(name))"
        let (root, source) = (enclosure.root, LocalDirectory.hubSource(of: enclosure.root))
        let fix =
            source.map { "use source = \"\($0)\": this directory is a part of a Hugging Face cache" }
            ?? "put the file itself in the link's place"
        let words = FileWalk.Words(subject: subject, enclosure: "the directory", fix: fix)
        let walk = FileWalk(of: root, in: &enclosure, words: words, skips: LocalDirectory.isApart) { place in
            let inside = String(Substring(place.path.utf8.dropFirst(root.utf8.count)))
            return LocalDirectory.isApart(inside) ? "leads into .git or \(DownloadRecords.folder)" : nil
        }
        var problems = walk.problems
        let records = DownloadRecords(in: &enclosure)
        var listings: [String: TreeListing] = [:]
        for commit in Set(records.metadata.values.compactMap(\.commit)) {
            listings[commit] = TreeListing.read(
                "\(DownloadRecords.folder)/trees/\(commit).json", in: root, &enclosure, subject, &problems)
        }

        let paths = Set(walk.files.map(\.path))
        var files: [CachedFile] = []
        var changed: [RelativePath] = []
        for file in walk.files {
            var evidence: [Evidence] = []
            var tree: TreeFile?
            if let metadata = records.metadata[file.path] {
                if metadata.covers(file.place.status) {
                    tree = metadata.commit.flatMap { listings[$0]?.files[file.path] }
                    evidence = (metadata.evidence.map { [$0] } ?? []) + (tree?.evidence ?? [])
                } else {
                    changed.append(file.path)
                }
            }
            let cached = CachedFile(
                path: file.path, location: file.place.path, status: file.place.status,
                evidence: Evidence.sorted(evidence), expectedSize: tree?.size)
            files.append(cached)
            let fix = "download it again, into the same directory"
            if let problem = cached.fault(subject: subject, fix: fix) { problems.append(problem) }
        }
        if !changed.isEmpty { problems.append(LocalDirectory.later(changed, subject)) }
        let listing = records.commit.flatMap { listings[$0] }
        problems += IncompleteDownload.problems(
            records.interrupted, listing, present: paths, subject: subject,
            fix: "run the download again, with the same directory")
        return Snapshot(
            origin: .path, directory: root, files: files, listed: listing?.files, problems: problems)
    }

    /// Whether a path is not one of the directory's own files.
    private static func isApart(_ path: String) -> Bool {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        let apart = DownloadRecords.folder.utf8.split(separator: UInt8(ascii: "/"))
        return parts.contains { $0.elementsEqual(".git".utf8) }
            || parts.prefix(2).elementsEqual(apart) { $0.elementsEqual($1) }
    }

    /// The source that a snapshot's directory in a hub cache should be named by.
    package static func hubSource(of directory: String) -> String? {
        let parts = directory.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }.suffix(3)
        guard parts.count == 3, let folder = parts.first, let commit = parts.last, Commit.isFull(commit),
            parts.dropFirst().first == "snapshots", let repository = HubRepository(folder: folder)
        else { return nil }
        return Source.hub(repository, revision: commit).text
    }
}

// What is found among the files.
extension LocalDirectory {
    private static func later(_ paths: [RelativePath], _ subject: String) -> Snapshot.Problem {
        let more = paths.count > 5 ? ["… and \(paths.count - 5) more"] : []
        return Snapshot.Problem(
            Diagnostic(
                code: .changedSinceDownload,
                "\(subject): files were written again after they were downloaded (\(paths.count))",
                notes: paths.prefix(5).map(FileWalk.shown) + more
                    + ["what the download recorded of them no longer proves anything"],
                fix: "download again into the same directory; copy with cp --archive to keep the times"),
            paths.map(\.text))
    }
}
