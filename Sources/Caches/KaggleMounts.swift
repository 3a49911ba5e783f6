import Formats
package import Manifests
import Storage

/// What Kaggle attached to the notebook that this program runs in: read-only directories, below `/kaggle/input`.
///
/// A version is attached whole and without kagglehub's markers, so what is there is complete. Layout of 2026:
/// `models/OWNER/MODEL/FRAMEWORK/VARIATION/VERSION`, `competitions/NAME`, and `datasets/OWNER/NAME` and
/// `notebooks/OWNER/NAME`, which do not state their version.
package struct KaggleMounts: Sendable {
    /// The directory that holds the mounts. It does not have to exist: then nothing is attached.
    package let root: String

    /// Names the directory; nothing is looked at yet.
    package init(root: String) { self.root = root }

    /// The directory that kagglehub takes in a notebook (`kaggle_cache_resolver.py` of kagglehub 1.0.3).
    package static func defaultRoot(environment: [String: String]) -> String {
        environment["KAGGLE_CACHE_MOUNT_FOLDER"] ?? "/kaggle/input"
    }

    /// The handles of what is attached, models first: models with their versions, the others without.
    package func handles() -> [KaggleHandle] {
        guard var enclosure = try? CacheSandbox(root) else { return [] }
        return KaggleListing(attached: &enclosure).handles
    }

    /// The files of what is attached under a handle; `nil` if nothing is.
    ///
    /// Of a model without a version the highest attached version is taken. Mounts of data sets and of
    /// notebooks' outputs do not state their version, so that they are taken only for a handle that names one; what a lock has of it is proved by its hashes.
    /// - Throws: if a data set or an output is attached and the handle has no version.
    package func snapshot(_ handle: KaggleHandle) throws(Diagnostics) -> Snapshot? {
        let path = "\(handle.kind.rawValue)s/\(handle.parts.joined(separator: "/"))"
        guard var enclosure = try? CacheSandbox(root),
            let folder = enclosure.existing(path), folder.status.kind == .directory
        else { return nil }
        switch handle.kind {
        case .model:
            guard let version = handle.version ?? newest(in: folder.path),
                let place = enclosure.existing("\(path)/\(version)"),
                place.status.kind == .directory
            else { return nil }
            return files(of: handle.with(version: version), at: place, in: &enclosure)
        case .competition:
            return files(of: handle, at: folder, in: &enclosure)
        case .dataset, .notebook:
            guard handle.version != nil else {
                throw Diagnostics(
                    Diagnostic(
                        code: .revisionNotCached,
                        "\(handle.text): it is attached, but its mount does not state which version it is",
                        notes: ["attached at \(FileWalk.shown(folder.path))"],
                        fix: "name the version that the notebook's input panel shows: "
                            + "\"\(Source.kaggle(handle.with(version: 1)).text)\" for version 1",
                        verdict: .undecided))
            }
            return files(of: handle, at: folder, in: &enclosure)
        }
    }

    private func newest(in directory: String) -> Int? {
        ((try? Directory.names(in: directory)) ?? []).compactMap(KaggleHandle.version).max()
    }

    private func files(
        of handle: KaggleHandle, at place: CacheSandbox.Place, in enclosure: inout CacheSandbox
    ) -> Snapshot {
        let words = FileWalk.Words(
            subject: handle.text, enclosure: "what is attached",
            fix: "detach it from the notebook and attach it again")
        let walk = FileWalk(
            of: place.path, in: &enclosure, words: words,
            refuses: { Path.isInside($0.path, place.path) ? nil : "leads out of its own mount" })
        let files = walk.files.map { file in
            CachedFile(
                path: file.path, location: file.place.path, status: file.place.status, evidence: [],
                expectedSize: nil)
        }
        return Snapshot(
            origin: .kaggle(handle), directory: place.path, files: files, problems: walk.problems)
    }
}
