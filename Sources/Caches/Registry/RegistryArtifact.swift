package import Formats
import Manifests
package import Storage

/// What a registry has under a name: files, each with the digest that proves it.
package struct RegistryArtifact: Sendable {
    /// One file.
    package struct File: Equatable, Sendable {
        /// The path that it gets.
        package let path: RelativePath
        /// The size in bytes.
        package let size: Int
        /// The digest of the content.
        package let sha256: SHA256Digest
    }

    /// The digest of the manifest.
    package let digest: SHA256Digest
    /// The files in the order of their paths.
    package let files: [File]

    /// What the files are, by their paths.
    package var contents: [RelativePath: (size: Int, sha256: SHA256Digest)] {
        Dictionary(files.map { ($0.path, ($0.size, $0.sha256)) }, uniquingKeysWith: { one, _ in one })
    }

    /// Whether there is a lock among the files: then it is a bundle.
    package var isBundle: Bool { files.contains { $0.path == Lock.bundledName } }
    /// The size of all files, in bytes.
    package let size: Int

    /// Why an artifact is not taken.
    package struct Refused: Error, Equatable {
        /// A clause.
        package let reason: String

        /// States why: a clause behind the name of the artifact.
        package init(reason: String) { self.reason = reason }
    }

    /// Reads a manifest.
    /// - Throws: ``Refused`` for everything of which it is not certain what it means.
    package init(_ bytes: [UInt8], type: String, digest: SHA256Digest) throws(Refused) {
        guard let json = try? JSON.parse(bytes) else {
            throw Refused(reason: "has a manifest that is not JSON")
        }
        // The member may be absent (OCI image specification 1.1); in the store nothing else states the type.
        let stated = json["mediaType"]?.string ?? (type.isEmpty ? RegistryType.manifest : type)
        guard type.isEmpty || stated.hasSameBytes(as: type) else {
            throw Refused(reason: "has a manifest of two types: \(quoted(type)) and \(quoted(stated))")
        }
        guard
            [RegistryType.manifest, RegistryType.dockerManifest].contains(where: {
                $0.hasSameBytes(as: stated)
            })
        else {
            let isIndex = [RegistryType.index, RegistryType.dockerIndex].contains {
                $0.hasSameBytes(as: stated)
            }
            throw Refused(
                reason: isIndex
                    ? "is a list of artifacts: name one of them by its digest"
                    : "has a manifest of the type \(quoted(stated)), which is not known")
        }
        guard json["schemaVersion"]?.integer == 2, let layers = json["layers"]?.array else {
            throw Refused(reason: "has a manifest without layers")
        }
        let files = try LayerFile.files(layers).sorted { $0.path < $1.path }
        guard !files.isEmpty else { throw Refused(reason: "has no files") }
        var sum = 0
        for (file, next) in zip(files, files.dropFirst().map(Optional.some) + [nil]) {
            if let next, next.path == file.path || next.path.isInside(file.path) {
                throw Refused(reason: "has two layers for \(quoted(file.path.text))")
            }
            let (total, overflow) = sum.addingReportingOverflow(file.size)
            guard !overflow else { throw Refused(reason: "states sizes that are none") }
            sum = total
        }
        // A path below that of a file does not have to follow it directly: "a", "a.b", "a/b".
        let paths = Set(files.map(\.path))
        for file in files {
            var above = file.path.parent
            while let path = above {
                guard !paths.contains(path) else {
                    throw Refused(reason: "has files below \(quoted(path.text)), which is a file")
                }
                above = path.parent
            }
        }
        self.digest = digest
        self.files = files
        size = sum
    }
}
