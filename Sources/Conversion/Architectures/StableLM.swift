import Formats
import Tensors

/// Stability AI's StableLM.
struct StableLM: ModelArchitecture {
    static let classes = [
        "StableLmForCausalLM", "StableLMEpochForCausalLM", "LlavaStableLMEpochForCausalLM",
    ]
    static let modelTypes = ["stablelm"]

    let name = "stablelm"
    private let model: HuggingFaceModel
    /// The norms of each head, which are one tensor in GGUF.
    private var queryNorms: ExpertStacks
    private var keyNorms: ExpertStacks
    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        func norms(_ names: TensorNames, _ part: String, _ key: String) -> TensorNames {
            names.storingExperts(
                "model.layers.*.self_attn.\(part)_layernorm.norms", count: config.first([key])?.wholeNumber,
                [("", part == "q" ? "attn_q_norm" : "attn_k_norm")])
        }
        return norms(norms(names, "q", "num_attention_heads"), "k", "num_key_value_heads").spellings
    }

    private static let names = TensorNames.llama.adding([
        "model.layers.*.self_attn.q_layernorm.norms": "blk.*.attn_q_norm",
        "model.layers.*.self_attn.k_layernorm.norms": "blk.*.attn_k_norm",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        queryNorms = ExpertStacks(
            count: try model.config.size("num_attention_heads"), parts: [""],
            path: "self_attn.q_layernorm.norms")
        keyNorms = ExpertStacks(
            count: try model.config.size("num_key_value_heads"), parts: [""],
            path: "self_attn.k_layernorm.norms")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var stacks = try queryNorms.add(name, value)
        if stacks == nil { stacks = try keyNorms.add(name, value) }
        var converted: [ConvertedTensor] = []
        for stack in stacks ?? [(name, value)] {
            converted.append(try Self.names.renamed(stack.name, stack.value, self.name))
        }
        return converted
    }

    func finish() throws(ConversionError) {
        try queryNorms.finish()
        try keyNorms.finish()
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        try metadata.addNeededCount("context_length", config, ["max_position_embeddings"])
        try metadata.addNeededCount("embedding_length", config, ["hidden_size"])
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("feed_forward_length", config, ["intermediate_size"])
        guard let share = RopeParameters(config).number("partial_rotary_factor") else {
            throw ModelConfig.missing(["partial_rotary_factor"])
        }
        let length = try config.size("hidden_size") / config.size("num_attention_heads")
        metadata.set("rope.dimension_count", try ModelMetadata.share(share, of: length, heads: 1))
        try metadata.addNeededCount("attention.head_count", config, ["num_attention_heads"])
        try metadata.addNeededCount("attention.head_count_kv", config, ["num_key_value_heads"])
        // `null` is no, and nothing said is yes.
        let isParallel = config["use_parallel_residual"].map(\.isTruthy) ?? true
        metadata.set("use_parallel_residual", .bool(isParallel))
        metadata.set(
            "attention.layer_norm_epsilon", .float32(Float(try config.number("layer_norm_eps", "norm_eps"))))
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 50304, "intermediate_size": 6912, "hidden_size": 2560, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32, "max_position_embeddings": 4096,
            "layer_norm_eps": .number(1e-5), "rope_theta": 10000, "use_parallel_residual": false,
            "partial_rotary_factor": .number(0.25), "bos_token_id": 0, "eos_token_id": 0,
        ])
    }
}
