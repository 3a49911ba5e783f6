import Caches
import Formats
import ModelFacts
import Storage
import Tensors

/// A GGUF file as ollama's registry has it: a manifest whose layers are the file, how the model is spoken to, and the licence.
/// The same files make the same manifest, whoever asks and when.
struct OllamaImage {
    /// A layer whose bytes are made here.
    struct Made {
        /// What it is.
        let type: String
        /// Its bytes.
        let bytes: [UInt8]
        /// Their SHA-256.
        let digest: SHA256Digest

        fileprivate init?(_ type: String, _ bytes: [UInt8]) {
            guard let digest = try? ContentHasher.sha256(bytes.span) else { return nil }
            self.type = type
            self.bytes = bytes
            self.digest = digest
        }
    }

    /// A layer that is a file of the repository.
    struct File {
        /// What it is.
        let type: String
        /// The file.
        let entry: HubEntry
        /// The SHA-256 of its content.
        let digest: SHA256Digest

        /// States a layer.
        init(_ type: String, _ entry: HubEntry, _ digest: SHA256Digest) {
            self.type = "application/vnd.ollama.image.\(type)"
            self.entry = entry
            self.digest = digest
        }
    }

    /// The files, the model first.
    let files: [File]
    /// What else belongs to it; the configuration is the last one.
    let made: [Made]

    /// The most bytes of a text in a repository that becomes a layer.
    static let textLimit = 1 << 20

    /// Makes what belongs to a model.
    /// - Parameters:
    ///   - files: its files, the model first.
    ///   - texts: what the repository states of how to speak to it, by "template", "system", "params" and "license".
    init?(_ files: [File], quantization: String?, texts: [ExactName: String]) {
        guard let model = files.first, let location = model.entry.file?.location,
            let read = try? GGUFFile.read(location)
        else { return nil }
        let header = read.header
        let form = header["tokenizer.chat_template"]?.text.flatMap { PromptForm($0) }
        func layer(_ name: String, _ text: String?) -> Made? {
            text.flatMap { Made("application/vnd.ollama.image.\(name)", Array($0.utf8)) }
        }
        let stops = form.map { form -> String in
            (["stop": .array(form.stops.map(JSON.string))] as JSON).compactText
        }
        let layers = [
            layer("template", texts["template"] ?? form?.template), layer("system", texts["system"]),
            layer("license", texts["license"]),
            layer("params", texts["params"] ?? (texts["template"] == nil ? stops : nil)),
        ].compactMap(\.self)
        let family = header["general.architecture"]?.text ?? "unknown"
        let digests = files.map(\.digest) + layers.map(\.digest)
        let configuration: JSON = [
            "model_format": "gguf", "model_family": .string(family), "model_families": [.string(family)],
            "model_type": .string(OllamaImage.size(header)), "file_type": .string(quantization ?? "unknown"),
            "architecture": "amd64", "os": "linux",
            "rootfs": [
                "type": "layers", "diff_ids": .array(digests.map { .string("sha256:\($0)") }),
            ],
        ]
        guard
            let config = Made(
                "application/vnd.docker.container.image.v1+json", Array(configuration.compactText.utf8))
        else { return nil }
        self.files = files
        made = layers + [config]
    }

    /// The document that names all of it.
    var manifest: JSON {
        func entry(_ type: String, _ digest: SHA256Digest, _ size: Int) -> JSON {
            ["mediaType": .string(type), "digest": .string("sha256:\(digest)"), "size": .integer(size)]
        }
        let config = made.last.map { entry($0.type, $0.digest, $0.bytes.count) } ?? [:]
        let layers =
            files.map { entry($0.type, $0.digest, $0.entry.size) }
            + made.dropLast().map { entry($0.type, $0.digest, $0.bytes.count) }
        return [
            "schemaVersion": 2, "mediaType": .string(OllamaImage.manifestType), "config": config,
            "layers": .array(layers),
        ]
    }

    /// The type of the document.
    static let manifestType = "application/vnd.docker.distribution.manifest.v2+json"

    /// The number of parameters as people write it: "7.6B".
    private static func size(_ header: GGUFHeader) -> String {
        var count = 0
        for tensor in header.tensors {
            let (sum, overflow) = count.addingReportingOverflow(tensor.elementCount)
            count = overflow ? .max : sum
        }
        for (unit, name) in [(1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")]
        where count >= unit {
            let tenths = count / (unit / 10)
            return tenths % 10 == 0 ? "\(tenths / 10)\(name)" : "\(tenths / 10).\(tenths % 10)\(name)"
        }
        return String(count)
    }
}
