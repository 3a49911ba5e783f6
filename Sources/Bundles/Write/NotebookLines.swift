package import Formats
package import Manifests
import Storage

/// The lines of a notebook that loads one entry out of a bundle, for whoever has neither a bundle nor a lock yet.
package enum NotebookLines {
    /// The lines that find the loader, and those that load the entry.
    /// - Parameters:
    ///   - name: the entry's name, which is the bundle's, too.
    ///   - kind: the entry's kind.
    ///   - origin: the revision, of which the source follows.
    ///   - facts: what the files state, as a lock records it.
    ///   - paths: the entry's files.
    package static func text(
        _ name: String, kind: Entry.Kind, origin: Origin, facts: [JSON.Member], paths: [RelativePath]
    ) -> String {
        // The lines do not depend on the contents.
        guard let digest = SHA256Digest(hex: String(repeating: "0", count: 64)) else { return "" }
        let entry = LockedEntry(
            name: name, kind: kind,
            asked: Asked(content: .source(name), include: nil, exclude: [], license: nil), origin: origin,
            license: nil, facts: facts,
            files: paths.map {
                LockedFile(
                    path: $0, size: 0, sha256: digest, proof: .treeSHA256, placement: .natural, shards: nil)
            }, tensors: [])
        let lock = Lock(
            bundle: BundleSettings(
                name: name, owner: nil, title: name, subtitle: nil, license: "other", keywords: [],
                deduplication: .tensor),
            entries: [entry])
        let lines = LoadingLines(entry, in: lock).lines
        let imports = LoadingLines.imports(of: lines)
        return
            ([BundleReadme.activation(dataset: "the data set with the bundle"), ""] + imports
            + (imports.isEmpty ? [] : [""]) + lines).joined(separator: "\n")
    }
}
