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

        /// Takes what is stated.
        package init(path: RelativePath, size: Int, sha256: SHA256Digest) {
            self.path = path
            self.size = size
            self.sha256 = sha256
        }
    }

    /// The digest of the manifest.
    package let digest: SHA256Digest
    /// The files in the order of their paths.
    package let files: [File]
    /// The layers that are archives, as they are: what states the files in them.
    package let archives: [[UInt8]]
    /// The contents of the files that are in archives: the registry has no contents of these digests.
    package let unpacked: [SHA256Digest: ArraySlice<UInt8>]

    /// What the files are, by their paths.
    package var contents: [RelativePath: (size: Int, sha256: SHA256Digest)] {
        Dictionary(files.map { ($0.path, ($0.size, $0.sha256)) }, uniquingKeysWith: { one, _ in one })
    }

    /// Whether there is a lock among the files: then it is a bundle.
    package var isBundle: Bool { lockFile != nil }
    /// The size of all files, in bytes.
    package let size: Int

    /// Why an artifact is not taken.
    package struct Refused: Error, Equatable {
        /// A clause.
        package let reason: String

        /// States why: a clause behind the name of the artifact.
        package init(reason: String) { self.reason = reason }
    }

    /// Reads a manifest, and the archives among its layers.
    ///
    /// - Parameter archive: gives the content of a layer, proved by its digest.
    /// - Throws: ``Refused`` for everything of which it is not certain what it means, and what `archive` throws.
    package init(
        _ bytes: [UInt8], type: String, digest: SHA256Digest, archive: (RegistryDescriptor) throws -> [UInt8]
    ) throws {
        let layers = try Self.layers(bytes, type: type)
        let sizes = layers.lazy.filter(\.isArchive).saturatedSum(\.descriptor.size)
        guard sizes <= ArchiveLayer.sizeLimit else {
            throw Refused(
                reason:
                    "has \(ByteCount.text(sizes)) in archives, of which at most \(ByteCount.text(ArchiveLayer.sizeLimit)) are opened"
            )
        }
        var archives: [[UInt8]] = []
        var unpacked: [SHA256Digest: ArraySlice<UInt8>] = [:]
        var archived: [RelativePath: File] = [:]
        for layer in layers where layer.isArchive {
            let bytes = try archive(layer.descriptor)
            let opened = try ArchiveLayer(bytes, type: layer.descriptor.type)
            for file in opened.files {
                guard archived.updateValue(file, forKey: file.path).map({ $0 == file }) ?? true else {
                    throw Refused(reason: "has two layers for \(quoted(file.path.text))")
                }
            }
            unpacked.merge(opened.contents) { one, _ in one }
            archives.append(bytes)
        }
        let plain = try LayerFile.files(layers, besides: archived.mapValues(\.sha256))
        let files = (plain + archived.values).sorted { $0.path < $1.path }
        size = try Self.size(files)
        // What is a layer as well needs no archive.
        for file in plain { unpacked[file.sha256] = nil }
        self.digest = digest
        self.files = files
        self.archives = archives
        self.unpacked = unpacked
    }

    /// The layers that a manifest lists.
    private static func layers(_ bytes: [UInt8], type: String) throws(Refused) -> [LayerFile] {
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
        return try LayerFile.layers(layers)
    }

    /// The size of all files, which are in the order of their paths, and of which none is where another one is.
    private static func size(_ files: [File]) throws(Refused) -> Int {
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
        return sum
    }
}
