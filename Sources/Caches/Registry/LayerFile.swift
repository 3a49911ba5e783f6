import Formats
import Manifests
import Storage

/// A layer that is one file as it is, or one of Docker's archives of files. Others are refused by their type.
struct LayerFile {
    /// What names the layer's content.
    let descriptor: RegistryDescriptor
    /// What the layer says of itself, where it is one of Docker's.
    private let known: DockerLayer?
    /// The path that the layer states.
    private let stated: String?

    /// The types of Docker's models, config versions 0.1 and 0.2 (docker/model-spec), and the names of files whose layers
    /// state none (docker/model-runner, `unpack.go`).
    private static let docker = [
        DockerLayer("application/vnd.docker.ai.gguf.v3", "model", ".gguf"),
        DockerLayer("application/vnd.docker.ai.gguf.v3.mmproj", "mmproj", ".gguf"),
        DockerLayer("application/vnd.docker.ai.gguf.v3.lora", "lora", ".gguf"),
        DockerLayer("application/vnd.docker.ai.mmproj", "mmproj", ".gguf"),
        DockerLayer("application/vnd.docker.ai.license", "LICENSE", ""),
        DockerLayer("application/vnd.docker.ai.chat.template.jinja", "chat_template", ".jinja"),
        DockerLayer("application/vnd.docker.ai.safetensors", "model", ".safetensors"),
        DockerLayer("application/vnd.docker.ai.dduf", "model", ".dduf"),
        DockerLayer("application/vnd.docker.ai.model.file", "", ""),
    ]
    /// The kinds of ModelPack's layers (CNCF ModelPack 1.0, `docs/spec.md`).
    private static let kinds = ["weight", "weight.config", "doc", "code", "dataset"]
    /// ModelPack's weights as Docker types them, besides the specification.
    private static let ofDocker = ["weight.v1.gguf", "weight.v1.safetensors"]

    /// One of Docker's types of layers, and what the file of one is called that states nothing: a part and a suffix.
    private struct DockerLayer {
        let type: String
        let stem: String
        let suffix: String

        init(_ type: String, _ stem: String, _ suffix: String) {
            self.type = type
            self.stem = stem
            self.suffix = suffix
        }

        /// The name of one of several files, in the order of the layers.
        func name(_ number: Int, of count: Int) -> String? {
            func digits(_ value: Int) -> String {
                let text = "\(value)"
                return String(repeating: "0", count: max(0, 5 - text.utf8.count)) + text
            }
            if stem.isEmpty { return nil }
            if count == 1 { return stem + suffix }
            // Several licences have no order that means something.
            return suffix.isEmpty
                ? "\(stem)-\(number)" : "\(stem)-\(digits(number))-of-\(digits(count))\(suffix)"
        }

        /// The name where an archive has another file of the one above: Docker's own for a template, or a number.
        var otherName: String? {
            switch stem {
            case "chat_template": "template\(suffix)"
            case "LICENSE": "\(stem)-1"
            default: nil
            }
        }
    }

    /// Whether the layer is an archive of files.
    var isArchive: Bool { ArchiveLayer.isOne(descriptor.type) }

    /// All layers, in their order.
    static func layers(_ json: [JSON]) throws(RegistryArtifact.Refused) -> [LayerFile] {
        var read: [LayerFile] = []
        for layer in json { read.append(try LayerFile(layer)) }
        return read
    }

    /// The files of the layers that are no archives, in their order.
    /// - Parameter archived: what the archives have. A layer that is the same file as one of those is left out.
    static func files(
        _ layers: [LayerFile], besides archived: [RelativePath: SHA256Digest]
    ) throws(RegistryArtifact.Refused) -> [RegistryArtifact.File] {
        let layers = layers.filter { !$0.isArchive }
        var unnamed: [ExactName: Int] = [:]
        for layer in layers where layer.stated == nil {
            if let known = layer.known { unnamed[ExactName(known.type), default: 0] += 1 }
        }
        var numbers: [ExactName: Int] = [:]
        var files: [RegistryArtifact.File] = []
        for layer in layers {
            var name = layer.stated
            if name == nil, let known = layer.known {
                let type = ExactName(known.type)
                let number = (numbers[type] ?? 0) + 1
                numbers[type] = number
                name = known.name(number, of: unnamed[type] ?? 1)
                let other = name.flatMap { RelativePath($0) }.flatMap { archived[$0] }
                if let other, other != layer.descriptor.digest { name = known.otherName ?? name }
            }
            let file = try layer.file(named: name)
            if archived[file.path] != file.sha256 { files.append(file) }
        }
        return files
    }

    private init(_ json: JSON) throws(RegistryArtifact.Refused) {
        guard let descriptor = RegistryDescriptor(json) else {
            throw RegistryArtifact.Refused(reason: "has a layer without a type, a size or a SHA-256")
        }
        let annotations = json["annotations"]
        known = Self.docker.first { $0.type.hasSameBytes(as: descriptor.type) }
        guard known != nil || Self.isRaw(descriptor.type) || ArchiveLayer.isOne(descriptor.type) else {
            throw RegistryArtifact.Refused(
                reason: "has a layer of the type \(quoted(descriptor.type)), which is not a file as it is")
        }
        stated =
            annotations?[RegistryAnnotation.path]?.string ?? annotations?[RegistryAnnotation.title]?.string
        self.descriptor = descriptor
    }

    private func file(named name: String?) throws(RegistryArtifact.Refused) -> RegistryArtifact.File {
        guard let name else {
            throw RegistryArtifact.Refused(reason: "has a layer that does not state its file's path")
        }
        guard let path = RelativePath(name) else {
            throw RegistryArtifact.Refused(
                reason: "has a layer for \(quoted(name)), which \(RelativePath.problem(name) ?? "is refused")"
            )
        }
        return RegistryArtifact.File(path: path, size: descriptor.size, sha256: descriptor.digest)
    }

    private static func isRaw(_ type: String) -> Bool {
        kinds.contains { type.hasSameBytes(as: "\(RegistryType.modelLayer)\($0).v1.raw") }
            || ofDocker.contains { type.hasSameBytes(as: RegistryType.modelLayer + $0) }
    }
}
