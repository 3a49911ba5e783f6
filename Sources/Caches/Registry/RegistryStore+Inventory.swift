import Formats
package import Manifests
package import Storage

extension RegistryStore {
    /// What was fetched: each snapshot once, in the order of the repositories' names, then of the digests.
    ///
    /// - Returns: the sources at their manifests, each with the tags that stood for it when it was fetched.
    package func fetched() -> [(source: RegistrySource, manifest: SHA256Digest, tags: [String])] {
        var result: [(source: RegistrySource, manifest: SHA256Digest, tags: [String])] = []
        let repositories = Path.join(root, "repositories")
        for authority in (try? Directory.names(in: repositories)) ?? [] {
            collect(authority, at: Path.join(repositories, authority), depth: 0, &result)
        }
        return result
    }

    /// How deep repositories are looked for: their names have at most 255 bytes, of which every second may be a slash.
    private static let depth = 128

    private func collect(
        _ name: String, at path: String, depth: Int,
        _ result: inout [(source: RegistrySource, manifest: SHA256Digest, tags: [String])]
    ) {
        guard depth < Self.depth, (try? FileStatus.existing(path))??.kind == .directory else { return }
        for part in (try? Directory.names(in: path)) ?? [] where !part.hasUTF8Prefix("_") {
            collect("\(name)/\(part)", at: Path.join(path, part), depth: depth + 1, &result)
        }
        guard let reference = RegistryReference(RegistryReference.scheme + name) else { return }
        var tags: [SHA256Digest: [String]] = [:]
        for tag in (try? Directory.names(in: Path.join(path, "_tags"))) ?? [] {
            if let manifest = manifest(of: tag, in: reference) { tags[manifest, default: []].append(tag) }
        }
        for snapshot in (try? Directory.names(in: Path.join(path, "_snapshots"))) ?? [] {
            let parts = snapshot.utf8.split(separator: UInt8(ascii: "#"), maxSplits: 1)
                .map { String(Substring($0)) }
            guard let manifest = parts.first.flatMap({ SHA256Digest(hex: $0) }) else { continue }
            let known = tags[manifest] ?? []
            let text = known.first.map { "\(name):\($0)" } ?? "\(name)@sha256:\(manifest.hex)"
            guard
                let source = try? RegistrySource.parse(text + (parts.count > 1 ? "#\(parts[1])" : ""))
            else { continue }
            result.append((source, manifest, known))
        }
    }
}

extension RegistryStore {
    /// What the store takes: the number of its contents, the documents among them, and their size in bytes.
    package func kept() -> (files: Int, size: Int) {
        let directory = Path.join(root, "blobs/sha256")
        var kept = (files: 0, size: 0)
        for name in (try? Directory.names(in: directory)) ?? [] {
            guard let status = try? FileStatus.existing(Path.join(directory, name)) else { continue }
            kept.files += 1
            kept.size = kept.size.saturated(adding: status.size)
        }
        return kept
    }

    /// Removes everything. A store that is not there is *not* an error.
    package func remove() throws(FileError) { try Directory.removeTree(root) }
}
