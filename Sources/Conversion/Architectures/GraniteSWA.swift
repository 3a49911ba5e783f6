import Formats
import Tensors

/// IBM's Granite with windows in some layers and sinks in all, with experts or without.
struct GraniteSWA: ModelArchitecture {
    static let classes = ["GraniteSWAForCausalLM", "GraniteMoeSWAForCausalLM"]
    static let modelTypes: [String] = []

    let name = "granite_swa"
    private let model: HuggingFaceModel
    private let config: ModelConfig
    private let heads: RotaryHeads

    /// With gates and what they let through in one stack each, which llama.cpp takes as they are; the later form first.
    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        guard hasExperts(config) else { return names.spellings }
        let layers = "model.layers.*.block_sparse_moe."
        let forms = [
            ["router", "experts.gate_up_proj", "experts.down_proj"],
            ["router.layer", "input_linear", "output_linear"],
        ]
        return forms.flatMap { form in
            let others = forms.joined().filter { !form.contains($0) }.map { layers + $0 }
            return names.without(TensorNames.denseLayers + others).spellings
        }
    }

    private static let names: TensorNames = {
        var names: [ExactName: String] = ["model.layers.*.self_attn.sinks": "blk.*.attn_sinks"]
        for (name, inGGUF) in [
            "router.layer": "ffn_gate_inp", "router": "ffn_gate_inp",
            "experts.gate_up_proj": "ffn_gate_up_exps",
            "experts.down_proj": "ffn_down_exps", "input_linear": "ffn_gate_up_exps",
            "output_linear": "ffn_down_exps",
        ] { names["model.layers.*.block_sparse_moe.\(name)"] = "blk.*.\(inGGUF)" }
        names["model.layers.*.shared_mlp.input_linear"] = "blk.*.ffn_up_shexp"
        names["model.layers.*.shared_mlp.output_linear"] = "blk.*.ffn_down_shexp"
        return TensorNames.llama.adding(names)
    }()

    private static func hasExperts(_ config: ModelConfig) -> Bool {
        config.architecture == "GraniteMoeSWAForCausalLM" && config["num_local_experts"]?.isTruthy ?? false
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isShared = config["shared_intermediate_size"]?.isTruthy == true
        let experts =
            ["ffn_gate_inp", "ffn_gate_up_exps", "ffn_down_exps"]
            + (isShared ? ["ffn_up_shexp", "ffn_down_shexp"] : [])
        return RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + ["attn_sinks"]
                + (hasExperts(config) ? experts : RequiredTensors.dense))
    }

    static func name(of tensor: String) -> String? {
        guard let name = Granite.name(of: tensor) else { return nil }
        let bare = ["sinks", ".experts.gate_up_proj", ".experts.down_proj"]
        return bare.contains { name.hasUTF8Suffix($0) } ? name + ".weight" : name
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        config = model.config
        heads = try RotaryHeads(config)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try check(name, value)
        return [try Self.names.renamed(name, try heads.interleaved(name, value), self.name)]
    }

    /// Looks at the rows of what holds gates beside what they let through, and at the number of experts.
    private func check(_ name: String, _ value: TensorValue) throws(ConversionError) {
        let isShared = name.hasUTF8Suffix("shared_mlp.input_linear.weight")
        let isRouted = ["experts.gate_up_proj.weight", "block_sparse_moe.input_linear.weight"].contains {
            name.hasUTF8Suffix($0)
        }
        if name.hasUTF8Suffix(".sinks.weight"), value.shape != [heads.count] {
            throw .wrongShape(name, value.shape, "which is not a number for each of \(heads.count) heads")
        }
        guard isShared || isRouted else { return }
        let half =
            try isShared && config["shared_intermediate_size"] != nil
            ? config.size("shared_intermediate_size") : config.size("intermediate_size")
        guard value.shape.count >= 2, value.shape[value.shape.count - 2] == 2 * half else {
            throw .wrongShape(name, value.shape, "which has not twice \(half) rows")
        }
        if isRouted {
            let count = try config.size("num_local_experts")
            guard value.shape.count == 3, value.shape[0] == count else {
                throw .wrongShape(name, value.shape, "which is not that of \(count) experts")
            }
        }
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { try Llama3Rope.tensors(config) }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGranite(config, fileType: fileType)
        if config["sliding_window"] == nil {
            metadata.set("attention.sliding_window", .uint32(128))
        } else {
            try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        }
        let blocks = min(try config.blockCount(), 1 << 16)
        let types = config["layer_types"]?.array ?? []
        metadata.set(
            "attention.sliding_window_pattern",
            .bools(
                types.isEmpty
                    ? (0..<blocks).map { !$0.isMultiple(of: 4) }
                    : types.map { $0.isText("sliding_attention") }))
        if let rotated = config["no_rope_layers"]?.array, !rotated.isEmpty {
            metadata.set("attention.rope_pattern", .bools(rotated.map(\.isTruthy)))
        }
        guard config.architecture == "GraniteMoeSWAForCausalLM",
            config["shared_intermediate_size"]?.isTruthy == true
        else { return }
        try metadata.addCount("expert_shared_feed_forward_length", config, ["shared_intermediate_size"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try Llama.addVocabulary(to: &metadata, vocabulary, model)
    }
}
