package import Caches
import Formats
package import Manifests
import Storage

/// A bundle as an artifact of CNCF ModelPack 1.0: a layer for every file, as it is, and a configuration. The same bundle
/// gives the same bytes.
package struct ModelPackage: Sendable {
    /// The manifest's bytes.
    let manifest: [UInt8]
    /// What names the manifest.
    package let descriptor: RegistryDescriptor
    /// The contents that the manifest names: the files, and the configuration last.
    let contents: [OutgoingFile]
    /// What refers to the manifest: the lock, and the signature if there is one.
    let referrers: [Referrer]
    /// The files that other programs cannot put together, because they are stored in segments.
    package let segmented: Int

    /// An artifact that refers to another one.
    struct Referrer: Sendable {
        /// The manifest's bytes.
        let manifest: [UInt8]
        /// What names it.
        let descriptor: RegistryDescriptor
        /// Its kind.
        let type: String
    }

    /// The content that every artifact without a configuration has (OCI image specification 1.1, "guidance for an empty
    /// descriptor").
    static let emptyConfig: [UInt8] = Array("{}".utf8)

    /// Names all files of a bundle.
    package init(_ lock: Lock, files: [OutgoingFile]) throws {
        let config = Self.config(lock, files)
        let configuration = try RegistryDescriptor(RegistryType.modelConfig, config)
        let layers = files.map { file -> JSON in
            let descriptor = RegistryDescriptor(
                type: Self.layerType(file.path), digest: file.sha256, size: file.size)
            return .object(descriptor.members + [JSON.Member("annotations", Self.annotations(file))])
        }
        manifest = Self.bytes([
            JSON.Member("schemaVersion", 2), JSON.Member("mediaType", .string(RegistryType.manifest)),
            JSON.Member("artifactType", .string(RegistryType.model)),
            JSON.Member("config", .object(configuration.members)), JSON.Member("layers", .array(layers)),
            JSON.Member("annotations", [RegistryAnnotation.title: .string(lock.bundle.title)]),
        ])
        descriptor = try RegistryDescriptor(RegistryType.manifest, manifest)
        segmented = try Plan(lock).segmented.count
        let (subject, empty) = (descriptor, try Self.content(Self.emptyConfig, "empty"))
        referrers = try [(Lock.bundledName, RegistryType.lock), ("model.sig", RegistryType.signature)]
            .compactMap {
                path, type in
                guard let file = files.first(where: { $0.path == path }) else { return nil }
                return try Self.referrer(file, type, subject)
            }
        contents = files + [try Self.content(config, "config"), empty]
    }

    private static func content(_ bytes: [UInt8], _ name: RelativePath) throws -> OutgoingFile {
        OutgoingFile(
            path: name, size: bytes.count, sha256: try ContentHasher.sha256(bytes.span),
            content: .bytes(bytes))
    }

    private static func bytes(_ members: [JSON.Member]) -> [UInt8] {
        Array(JSON.object(members).compactText.utf8)
    }

    private static func referrer(
        _ file: OutgoingFile, _ type: String, _ subject: RegistryDescriptor
    ) throws -> Referrer {
        let empty = try RegistryDescriptor(RegistryType.empty, emptyConfig)
        let layer = RegistryDescriptor(type: type, digest: file.sha256, size: file.size)
        let manifest = bytes([
            JSON.Member("schemaVersion", 2), JSON.Member("mediaType", .string(RegistryType.manifest)),
            JSON.Member("artifactType", .string(type)), JSON.Member("config", .object(empty.members)),
            JSON.Member(
                "layers",
                [
                    .object(
                        layer.members + [
                            JSON.Member("annotations", [RegistryAnnotation.title: .string(file.path.text)])
                        ])
                ]),
            JSON.Member("subject", .object(subject.members)),
        ])
        return Referrer(
            manifest: manifest, descriptor: try RegistryDescriptor(RegistryType.manifest, manifest),
            type: type)
    }

    /// The members that ModelPack wants, without times: what was packed when is of no use to anybody who loads it.
    private static func config(_ lock: Lock, _ files: [OutgoingFile]) -> [UInt8] {
        let formats = Set(files.compactMap { format($0.path) })
        var technical: [JSON.Member] = []
        if formats.count == 1, let format = formats.first {
            technical.append(JSON.Member("format", .string(format)))
        }
        return bytes([
            JSON.Member(
                "descriptor", ["name": .string(lock.bundle.name), "title": .string(lock.bundle.title)]),
            JSON.Member("config", .object(technical)),
            JSON.Member(
                "modelfs",
                ["type": "layers", "diffIds": .array(files.map { .string("sha256:\($0.sha256.hex)") })]),
        ])
    }

    private static func annotations(_ file: OutgoingFile) -> JSON {
        let metadata: JSON = [
            "name": .string(file.path.name), "mode": 0o644, "uid": 0, "gid": 0, "size": .integer(file.size),
            "mtime": "1970-01-01T00:00:00Z", "typeflag": 48,
        ]
        return [
            RegistryAnnotation.path: .string(file.path.text),
            RegistryAnnotation.metadata: .string(metadata.compactText),
            RegistryAnnotation.untested: "true", RegistryAnnotation.title: .string(file.path.text),
        ]
    }

    // MARK: Kinds of files

    /// The suffixes of weights, and the word of ModelPack's `format` for those that have one.
    private static let weights: [(suffix: String, format: String?)] = [
        ("safetensors", "safetensors"), ("gguf", "gguf"), ("onnx", "onnx"), ("bin", "pt"), ("pt", "pt"),
        ("pth", "pt"), ("ckpt", "pt"), ("h5", nil), ("keras", nil), ("msgpack", nil), ("npz", nil),
        ("pb", nil),
        ("tflite", nil), ("onnx_data", nil),
    ]

    private static func format(_ path: RelativePath) -> String? {
        weights.first { path.pathExtension?.hasSameBytes(as: $0.suffix) == true }?.format
    }

    /// The type of a file's layer, by its name alone; the annotation of the layer states that.
    private static func layerType(_ path: RelativePath) -> String {
        let suffix = path.pathExtension ?? ""
        let kind =
            if path.isInside(BundlePath.store)
                || weights.contains(where: { $0.suffix.hasSameBytes(as: suffix) })
            {
                "weight"
            } else if ["md", "rst"].contains(where: { $0.hasSameBytes(as: suffix) })
                || ["LICENSE", "NOTICE"].contains(where: { path.name.hasUTF8Prefix($0) })
            {
                "doc"
            } else if ["py", "whl"].contains(where: { $0.hasSameBytes(as: suffix) }) {
                "code"
            } else if path.isInside("datasets") {
                "dataset"
            } else {
                "weight.config"
            }
        return "\(RegistryType.modelLayer)\(kind).v1.raw"
    }
}
