import Formats

/// A key of a configuration that makes a library import or call something that the configuration names.
///
/// The table of all of them. What a value has to be so that nothing foreign is run is decided by a list of what the library
/// has itself; every other value is a place of code. `docs/loaded-code.md` is this table for people.
struct CodeKey: Sendable {
    /// In which files a key means that.
    enum Files: Sendable {
        /// In every configuration.
        case all
        /// In files of these names alone, in whatever directory.
        case named([String])

        /// Whether the key counts in files of this name; a name without its directory.
        func contains(_ name: String) -> Bool {
            switch self {
            case .all: true
            case .named(let names): names.containsExactly(name)
            }
        }
    }

    /// The key, wherever it is in the document, in nested configurations too.
    let key: String
    /// Where it counts.
    let files: Files
    /// The library that acts on it, and its versions as far as they were read.
    let library: String
    /// The function that does.
    let source: String
    /// Whether it is run without `trust_remote_code`, in one of the versions.
    let runsUnasked: Bool
    /// What is run by a value, `nil` for what the key alone states; none for a value that runs nothing foreign.
    let values: @Sendable (JSON) -> [String?]

    /// All keys.
    static let all: [CodeKey] = [
        CodeKey(
            key: "auto_map", files: .all, library: "transformers 4.0 to 5.23, diffusers 0.36 to 0.42",
            source: "dynamic_module_utils.get_class_from_dynamic_module", runsUnasked: false,
            values: { texts(in: $0) }),
        CodeKey(
            key: "trust_remote_code", files: .all, library: "sentence-transformers, optimum and others",
            source: "a model's arguments in its configuration", runsUnasked: false,
            values: { $0.bool == true ? [nil] : [] }),
        CodeKey(
            key: "custom_pipelines", files: .all, library: "transformers 4.19 to 5.23",
            source: "pipelines.pipeline", runsUnasked: false,
            values: { ($0.members ?? []).map { $0.value["impl"]?.string ?? $0.key } }),
        CodeKey(
            key: "tool_class", files: .all, library: "transformers 4.29 to 4.51",
            source: "agents.tools.Tool.from_hub", runsUnasked: false, values: { texts(in: $0) }),
        kernel("_attn_implementation_internal"), kernel("_attn_implementation"),
        kernel("attn_implementation"),
        kernel("_experts_implementation_internal"), kernel("_experts_implementation"),
        kernel("experts_implementation"),
        CodeKey(
            key: "kernel_config", files: .all, library: "transformers 4.57 to 5.23, as an argument",
            source: "utils.kernel_config.KernelConfig", runsUnasked: true,
            values: { texts(in: $0).filter { $0?.utf8.contains(UInt8(ascii: "/")) ?? false } }),
        CodeKey(
            key: "custom_generate", files: .all, library: "transformers 4.52 to 5.23",
            source: "generation.utils.load_custom_generate", runsUnasked: false,
            values: { texts(in: $0) }),
        CodeKey(
            key: "activation_function", files: .all, library: "sentence-transformers up to 5.4",
            source: "models.Dense.load: any importable name is called", runsUnasked: true, values: activation),
        CodeKey(
            key: "activation_fn", files: .all, library: "sentence-transformers 4.0 to 6.2",
            source: "CrossEncoder.get_default_activation_fn", runsUnasked: false, values: activation),
        CodeKey(
            key: "sbert_ce_default_activation_function", files: .all,
            library: "sentence-transformers 2.2 to 6.2",
            source: "CrossEncoder: up to 3.3 any importable name is called", runsUnasked: true,
            values: activation),
        CodeKey(
            key: "tokenizer_class", files: .named(["wordembedding_config.json"]),
            library: "sentence-transformers up to 6.2",
            source: "models.WordEmbeddings.load", runsUnasked: true, values: sentenceClass),
        CodeKey(
            key: "types", files: .named(["router_config.json", "config.json"]),
            library: "sentence-transformers 5.0 to 6.2",
            source: "models.Router.load", runsUnasked: true,
            values: { ($0.members ?? []).flatMap { sentenceClass($0.value) } }),
        CodeKey(
            key: "parent_library", files: .named(["adapter_config.json"]), library: "peft 0.4 to 0.21",
            source: "auto.AutoPeftModel: imported, since 0.18 from a list", runsUnasked: true,
            values: { value in
                texts(in: value).filter { name in
                    !["transformers.", "diffusers.", "torch.nn."].contains {
                        name?.utf8.starts(with: $0.utf8) ?? false
                    }
                }
            }),
        CodeKey(
            key: "_target_", files: .all,
            library: "hydra-core 1.0 to 1.3 (hydra.utils.instantiate), NeMo, lightning",
            source: "hydra._internal.instantiate", runsUnasked: true,
            values: { texts(in: $0).isEmpty ? [nil] : texts(in: $0) }),
    ]

    /// A kernel of the Hub in the place of an implementation that the library has: `org/name`, `org/name@revision:function`.
    private static func kernel(_ key: String) -> CodeKey {
        CodeKey(
            key: key, files: .all,
            library: "transformers 4.56 to 5.2 without asking, from 5.3 for kernels-community",
            source: "integrations.hub_kernels.load_and_register_attn_kernel", runsUnasked: true,
            values: { texts(in: $0).filter { $0?.utf8.contains(UInt8(ascii: "/")) ?? false } })
    }

    /// An importable name of a function or class; those of `torch.nn` are modules that compute. Names without a dot are
    /// transformers' own.
    @Sendable private static func activation(_ value: JSON) -> [String?] {
        texts(in: value).filter { name in
            guard let name, name.utf8.contains(UInt8(ascii: ".")) else { return false }
            return !isModule(name, "torch.nn.modules.") && !isModule(name, "torch.nn.")
        }
    }

    /// Whether a name is a prefix and one or two further words.
    private static func isModule(_ name: String, _ prefix: String) -> Bool {
        guard name.utf8.starts(with: prefix.utf8) else { return false }
        let parts = name.utf8.dropFirst(prefix.utf8.count).split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let last = parts.last?.first, parts.count <= 2 else { return false }
        return (0x41...0x5A).contains(last)
    }

    /// A class that sentence-transformers imports; its own are not foreign.
    @Sendable static func sentenceClass(_ value: JSON) -> [String?] {
        texts(in: value).filter { !isSentenceTransformers($0 ?? "") }
    }

    /// Whether a name is a class of sentence-transformers, by where the library has classes (versions 2 to 6.2).
    static func isSentenceTransformers(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].isText("sentence_transformers"),
            let last = parts.last?.first, (0x41...0x5A).contains(last)
        else { return false }
        let packages = [
            "models", "sparse_encoder", "cross_encoder", "base", "sentence_transformer",
            "multi_vector_encoder",
        ]
        return packages.contains { parts[1].isText($0) }
    }

    private static func texts(in json: JSON) -> [String?] {
        if let text = json.string { return [text] }
        return (json.members?.map(\.value) ?? json.array ?? []).flatMap(texts)
    }
}
