package import Formats
package import Manifests
package import Storage
import Testing

/// Small values that the tests of several stages start from.
package enum Samples {
    package static let bundle = settings()

    package static func settings(
        name: String = "sample-bundle", title: String = "Sample bundle", subtitle: String? = nil,
        deduplication: BundleSettings.Deduplication = .tensor
    ) -> BundleSettings {
        BundleSettings(
            name: name, owner: nil, title: title, subtitle: subtitle, license: "other", keywords: [],
            deduplication: deduplication)
    }

    /// A file whose digest follows from its content's name.
    package static func file(
        _ path: RelativePath, content: String, size: Int = 10, proof: Proof = .blobGit,
        placement: Placement = .natural, shards: [RelativePath]? = nil
    ) throws -> LockedFile {
        LockedFile(
            path: path, size: size, sha256: try ContentHasher.sha256(Array(content.utf8).span),
            proof: proof, placement: placement, shards: shards)
    }

    package static func entry(
        _ name: String, kind: Entry.Kind = .model, source: String = "path:x", license: String? = nil,
        files: [LockedFile]
    ) -> LockedEntry {
        LockedEntry(
            name: name, kind: kind,
            asked: Asked(source: source, include: nil, exclude: [], license: nil), origin: .path,
            license: license.map { LockedLicense(id: $0, from: .modelCard) }, facts: [],
            files: files.sorted { $0.path < $1.path }, tensors: [])
    }

    package static func digest(_ bytes: [UInt8]) throws -> SHA256Digest {
        try ContentHasher.sha256(bytes.span)
    }

    /// A lock of entries without tensors.
    package static func lock(_ bundle: BundleSettings, _ ordered: [LockedEntry]) throws -> Lock {
        try #require(Lock.placing(bundle, ordered) { _ in nil })
    }

    package static func store(_ content: String) throws -> RelativePath {
        RelativePath(checked: "store/\(try ContentHasher.sha256(Array(content.utf8).span).hex)")
    }
}
