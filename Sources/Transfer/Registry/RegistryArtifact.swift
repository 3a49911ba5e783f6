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
    struct Refused: Error, Equatable {
        /// A clause.
        let reason: String
    }

    /// Asks for the manifest.
    package static func resolve(_ client: RegistryClient) async throws -> RegistryArtifact {
        do {
            return try await UploadThreads.one { try find(client) }
        } catch {
            throw Diagnostics(RegistryFindings(client).finding(error, writes: false))
        }
    }

    private static func find(_ client: RegistryClient) throws -> RegistryArtifact {
        guard
            let (bytes, type) = try client.document(
                client.manifest(client.reference.wanted), accept: RegistryType.accepted)
        else { throw RegistryRefusal(status: 404, isKnown: client.credentials != nil) }
        let digest = try ContentHasher.sha256(bytes.span)
        if let pinned = client.reference.digest, pinned != digest {
            throw Refused(
                reason: "has a manifest with the digest sha256:\(digest.hex), which was not asked for")
        }
        return try RegistryArtifact(bytes, type: type, digest: digest)
    }

    /// Reads a manifest.
    /// - Throws: ``Refused`` for everything of which it is not certain what it means.
    init(_ bytes: [UInt8], type: String, digest: SHA256Digest) throws {
        guard let json = try? JSON.parse(bytes) else {
            throw Refused(reason: "has a manifest that is not JSON")
        }
        let stated = json["mediaType"]?.string ?? type
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
        let files = try layers.map { try LayerFile($0).file }.sorted { $0.path < $1.path }
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

/// A layer that is one file as it is. Others, such as archives, are refused by their type.
private struct LayerFile {
    let file: RegistryArtifact.File

    /// The types of Docker's models, config versions 0.1 and 0.2 (docker/model-spec), and the name of a file where the
    /// layer states none.
    private static let docker = [
        ("application/vnd.docker.ai.gguf.v3", "model.gguf"),
        ("application/vnd.docker.ai.gguf.v3.mmproj", "mmproj.gguf"),
        ("application/vnd.docker.ai.gguf.v3.lora", "lora.gguf"),
        ("application/vnd.docker.ai.mmproj", "mmproj.gguf"),
        ("application/vnd.docker.ai.license", "LICENSE"),
        ("application/vnd.docker.ai.chat.template.jinja", "chat_template.jinja"),
        ("application/vnd.docker.ai.safetensors", ""),
        ("application/vnd.docker.ai.model.file", ""),
    ]
    /// The kinds of ModelPack's layers (CNCF ModelPack 1.0, `docs/spec.md`).
    private static let kinds = ["weight", "weight.config", "doc", "code", "dataset"]
    /// ModelPack's weights as Docker types them, besides the specification.
    private static let ofDocker = ["weight.v1.gguf", "weight.v1.safetensors"]

    init(_ json: JSON) throws {
        guard let descriptor = RegistryDescriptor(json) else {
            throw RegistryArtifact.Refused(reason: "has a layer without a type, a size or a SHA-256")
        }
        let annotations = json["annotations"]
        let known = Self.docker.first { $0.0.hasSameBytes(as: descriptor.type) }
        guard known != nil || Self.isRaw(descriptor.type) else {
            throw RegistryArtifact.Refused(
                reason: "has a layer of the type \(quoted(descriptor.type)), which is not a file as it is")
        }
        let stated =
            annotations?[RegistryAnnotation.path]?.string ?? annotations?[RegistryAnnotation.title]?.string
        guard let name = stated ?? known.flatMap({ $0.1.isEmpty ? nil : $0.1 }) else {
            throw RegistryArtifact.Refused(reason: "has a layer that does not state its file's path")
        }
        guard let path = RelativePath(name) else {
            throw RegistryArtifact.Refused(
                reason: "has a layer for \(quoted(name)), which \(RelativePath.problem(name) ?? "is refused")"
            )
        }
        file = RegistryArtifact.File(path: path, size: descriptor.size, sha256: descriptor.digest)
    }

    private static func isRaw(_ type: String) -> Bool {
        kinds.contains { type.hasSameBytes(as: "\(RegistryType.modelLayer)\($0).v1.raw") }
            || ofDocker.contains { type.hasSameBytes(as: RegistryType.modelLayer + $0) }
    }
}
