import Formats
import Tensors

/// IBM's Granite with experts, some of them with one for every token.
struct GraniteMoe: ModelArchitecture {
    static let classes = ["GraniteMoeForCausalLM", "GraniteMoeSharedForCausalLM"]
    static let modelTypes = ["granitemoe", "granitemoeshared"]

    let name = "granitemoe"
    private let config: ModelConfig
    private let granite: Granite
    private let heads: RotaryHeads

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let layers = "model.layers.*."
        let (inner, shared) = (
            [layers + "block_sparse_moe.input_linear.weight"], [layers + "shared_mlp.input_linear.weight"]
        )
        let hasExperts = hasExperts(config)
        let dense = hasExperts ? "_shexp" : ""
        return names(hasExperts).storing([
            "blk.*.ffn_gate_exps.weight": inner, "blk.*.ffn_up_exps.weight": inner,
            ExactName("blk.*.ffn_gate\(dense).weight"): shared,
            ExactName("blk.*.ffn_up\(dense).weight"): shared,
        ]).spellings
    }

    private static func names(_ hasExperts: Bool) -> TensorNames {
        TensorNames.llama.without(TensorNames.denseLayers).adding([
            "model.layers.*.block_sparse_moe.router.layer": "blk.*.ffn_gate_inp",
            "model.layers.*.block_sparse_moe.output_linear": "blk.*.ffn_down_exps",
            "model.layers.*.shared_mlp.output_linear": hasExperts ? "blk.*.ffn_down_shexp" : "blk.*.ffn_down",
        ])
    }

    private static func hasExperts(_ config: ModelConfig) -> Bool {
        config["num_local_experts"]?.isTruthy ?? false
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isShared = config["shared_intermediate_size"]?.isTruthy == true
        guard hasExperts(config) else { return .denseLlama }
        return RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.experts
                + (isShared ? RequiredTensors.sharedExperts : []))
    }

    static func name(of tensor: String) -> String? { Granite.name(of: tensor) }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        granite = try Granite(model)
        heads = try RotaryHeads(config)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let hasExperts = Self.hasExperts(config)
        if name.hasUTF8Suffix("block_sparse_moe.input_linear.weight") {
            return try halves(name, value, "_exps", "intermediate_size")
        }
        if name.hasUTF8Suffix("shared_mlp.input_linear.weight") {
            return try halves(name, value, hasExperts ? "_shexp" : "", "shared_intermediate_size")
        }
        return [
            try Self.names(hasExperts).renamed(name, try heads.interleaved(name, value), self.name)
        ]
    }

    /// The gates and what they let through, which are the two halves of a matrix's rows.
    private func halves(
        _ name: String, _ value: TensorValue, _ end: String, _ size: String
    ) throws(ConversionError) -> [ConvertedTensor] {
        let half = try config.size(size)
        let axis = value.shape.count - 2
        guard axis >= 0, value.shape[axis] == 2 * half, let view = value.view,
            let gates = view.sliced(axis: axis, 0..<half),
            let values = view.sliced(axis: axis, half..<2 * half),
            let block = TensorNames.block(of: name)
        else { throw ConversionError.wrongShape(name, value.shape, "which has not twice \(half) rows") }
        return [
            ConvertedTensor("blk.\(block).ffn_gate\(end).weight", TensorValue(gates)),
            ConvertedTensor("blk.\(block).ffn_up\(end).weight", TensorValue(values)),
        ]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try granite.addParameters(to: &metadata, fileType: fileType)
        guard config["shared_intermediate_size"]?.isTruthy == true else { return }
        try metadata.addCount("expert_shared_feed_forward_length", config, ["shared_intermediate_size"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try granite.addVocabulary(to: &metadata, vocabulary)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: false) else { return }
        config.setDefaults([
            "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 2048, "rms_norm_eps": .number(1e-6),
            "rope_theta": 10000, "attention_multiplier": 1, "embedding_multiplier": 1,
            "residual_multiplier": 1, "logits_scaling": 1, "num_local_experts": 8, "num_experts_per_tok": 2,
            "bos_token_id": 1, "eos_token_id": 2,
        ])
        if modelType == "granitemoeshared" { config.setDefault("shared_intermediate_size", 0) }
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
