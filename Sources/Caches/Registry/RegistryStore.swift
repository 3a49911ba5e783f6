import Formats
package import Manifests
package import Storage

/// What Knapsack fetched from OCI registries: a store of its own in the user's cache directory.
///
/// Contents and manifests are in `blobs/sha256/`, by their digests. A repository has a directory in `repositories/`, with
/// `_tags/TAG` (the digest of a manifest) and `_snapshots/DIGEST/` (links to contents; behind a "#" the entry of a bundle): no part of a
/// repository's name begins with "_".
package struct RegistryStore: Sendable {
    /// The store's directory, which does not have to exist.
    package let root: String

    /// The largest manifest that is read: what registries have to take (OCI distribution specification 1.1).
    package static let manifestLimit = 1 << 22

    /// Names the store in Knapsack's own directory; nothing is looked at yet.
    package init(cacheDirectory: String) { root = Path.join(cacheDirectory, "registries") }

    /// The path of a content, from the store's directory.
    package static func blob(_ digest: SHA256Digest) -> String { "blobs/sha256/\(digest.hex)" }

    /// The directory of a repository, from the store's.
    package static func folder(_ reference: RegistryReference) -> String {
        "repositories/\(reference.authority)/\(reference.repository)"
    }

    /// The directory of a snapshot, from the store's.
    package static func snapshot(_ source: RegistrySource, _ manifest: SHA256Digest) -> String {
        "\(folder(source.reference))/_snapshots/\(manifest.hex)\(source.entry.map { "#\($0)" } ?? "")"
    }

    /// The note of a tag, from the store's directory.
    package static func tag(_ tag: String, of reference: RegistryReference) -> String {
        "\(folder(reference))/_tags/\(tag)"
    }

    /// The manifest that a tag stood for when it was fetched; `nil` if it never was.
    package func manifest(of tag: String, in reference: RegistryReference) -> SHA256Digest? {
        let path = Path.join(root, RegistryStore.tag(tag, of: reference))
        guard let bytes = try? FileReader.contents(of: path, limit: 64) else { return nil }
        return SHA256Digest(hex: String(decoding: bytes, as: UTF8.self))
    }

    /// A document of the store; `nil` where it is not there, is larger than `limit` bytes, or is not what its name states.
    package func document(_ digest: SHA256Digest, limit: Int) -> [UInt8]? {
        let path = Path.join(root, RegistryStore.blob(digest))
        guard let bytes = try? FileReader.contents(of: path, limit: limit),
            (try? ContentHasher.sha256(bytes.span)) == digest
        else { return nil }
        return bytes
    }

    /// The files that a manifest lists for a source; `nil` where its documents are not there.
    package func files(of source: RegistrySource, _ manifest: SHA256Digest) -> [RegistryArtifact.File]? {
        guard let bytes = document(manifest, limit: Self.manifestLimit),
            let artifact = try? RegistryArtifact(bytes, type: "", digest: manifest, archive: archive)
        else { return nil }
        guard let file = artifact.lockFile else { return try? artifact.files(of: source, lock: nil) }
        guard let text = document(file.sha256, limit: Lock.sizeLimit),
            let lock = try? Lock.parse(text, path: file.path.text)
        else { return nil }
        return try? artifact.files(of: source, lock: lock)
    }

    /// A layer that is an archive.
    private func archive(_ layer: RegistryDescriptor) throws(RegistryArtifact.Refused) -> [UInt8] {
        guard let bytes = document(layer.digest, limit: layer.size) else {
            throw RegistryArtifact.Refused(reason: "has an archive that is not in the store, or damaged")
        }
        return bytes
    }

    /// The files of what a source names, at the manifest that was fetched.
    /// - Parameter pinned: the manifest that a lock pins; `nil` takes what the source says.
    /// - Throws: if it is not in the store. Problems of single files are in the snapshot.
    package func snapshot(_ source: RegistrySource, pinned: SHA256Digest?) throws(Diagnostics) -> Snapshot {
        let asked = pinned ?? source.reference.digest
        guard
            let manifest = asked
                ?? source.reference.tag.flatMap({ self.manifest(of: $0, in: source.reference) }),
            var enclosure = try? CacheSandbox(root),
            let place = try? enclosure.place(RegistryStore.snapshot(source, manifest)),
            place.status.kind == .directory
        else { throw Diagnostics(notFetched(source, asked)) }
        return snapshot(source, manifest, place, &enclosure)
    }

    private func snapshot(
        _ source: RegistrySource, _ manifest: SHA256Digest, _ place: CacheSandbox.Place,
        _ enclosure: inout CacheSandbox
    ) -> Snapshot {
        let subject = Source.registry(source).text
        let fix = "remove it, then \(Self.fetch(source, manifest))"
        let blobs = Path.join(enclosure.root, "blobs/sha256")
        let walk = FileWalk(
            of: place.path, in: &enclosure,
            words: FileWalk.Words(subject: subject, enclosure: "the store", fix: fix),
            refuses: { Path.isInside($0.path, blobs) ? nil : "does not lead to a content of the store" })
        var problems = walk.problems
        let listed = files(of: source, manifest)
        if listed == nil {
            problems.append(
                Snapshot.Problem(
                    Diagnostic(
                        code: .treeIgnored,
                        "\(subject): its manifest, or a document that it names, is not in the store, or damaged",
                        notes: ["the files are not compared with it"], fix: Self.fetch(source, manifest))))
        }
        var tree: [RelativePath: TreeFile] = [:]
        for file in listed ?? [] {
            tree[file.path] = TreeFile(size: file.size, sha256: file.sha256, gitBlob: nil, xet: nil)
        }
        var files: [CachedFile] = []
        for file in walk.files {
            let stated = tree[file.path]
            let named = file.place.steps.count > 1 ? Evidence(etag: Path.name(file.place.path), .blob) : nil
            let cached = CachedFile(
                path: file.path, location: file.place.path, status: file.place.status,
                evidence: Evidence.sorted([named].compactMap(\.self) + (stated?.evidence ?? [])),
                expectedSize: stated?.size)
            files.append(cached)
            if let problem = cached.fault(subject: subject, fix: fix) { problems.append(problem) }
        }
        return Snapshot(
            origin: .registry(source, manifest: manifest), directory: place.path, files: files,
            listed: listed == nil ? nil : tree, problems: problems)
    }

    /// The command that fetches a source at a manifest.
    static func fetch(_ source: RegistrySource, _ manifest: SHA256Digest?) -> String {
        let text = Source.registry(manifest.map { source.at($0) } ?? source).text
        return "run knapsack fetch \(ShellWord.quoted(text))"
    }

    private func notFetched(_ source: RegistrySource, _ manifest: SHA256Digest?) -> Diagnostic {
        Diagnostic(
            code: .notCached,
            "\(Source.registry(source).text): it was not fetched"
                + (manifest.map { ", or not the manifest sha256:\($0.hex.prefix(12))…" } ?? ""),
            fix: RegistryStore.fetch(source, manifest), verdict: .undecided)
    }
}
