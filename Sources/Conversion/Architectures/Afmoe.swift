import Formats
import Tensors

/// Arcee's Trinity: gates behind attention, four norms in a block, experts behind the first layers.
struct Afmoe: PlainFamily {
    static let classes = ["AfmoeForCausalLM"]
    static let names = Gemma2.names.without(
        ["model.layers.*.mlp.gate"]
            + ["pre", "post"].flatMap {
                ["model.layers.*.\($0)_feedforward_layernorm", "layers.*.\($0)_feedforward_layernorm"]
            }
    ).adding(TensorNames.sharedExperts)
        .adding(TensorNames.headNorms).adding([
            "model.layers.*.pre_mlp_layernorm": "blk.*.ffn_norm",
            "model.layers.*.post_mlp_layernorm": "blk.*.post_ffw_norm",
            "model.layers.*.self_attn.gate_proj": "blk.*.attn_gate",
            "model.layers.*.mlp.router.gate": "blk.*.ffn_gate_inp",
            "model.layers.*.mlp.expert_bias": "blk.*.exp_probs_b",
        ])

    let name = "afmoe"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [.inOrder]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isShared = (config.first(["num_shared_experts"])?.wholeNumber ?? 0) > 0
        return .mixed(
            RequiredTensors.llama + RequiredTensors.headNorms
                + ["post_attention_norm", "post_ffw_norm", "attn_gate"],
            dense: config.first(["num_dense_layers"])?.wholeNumber ?? 0,
            experts: ["exp_probs_b.bias"] + (isShared ? RequiredTensors.sharedExperts : []))
    }

    static func name(of tensor: String) -> String? {
        Llama.name(of: tensor.hasUTF8Suffix(".expert_bias") ? tensor + ".bias" : tensor)
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { try Llama3Rope.tensors(config) }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addWholeHeads(config)
        try metadata.addCount("expert_shared_count", config, ["num_shared_experts"])
        try metadata.addCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        try metadata.addCount("leading_dense_block_count", config, ["num_dense_layers"])
        if let isScaled = config.boolIfPresent("route_norm") {
            metadata.set("expert_weights_norm", .bool(isScaled))
        }
        try metadata.addFloat("expert_weights_scale", config, ["route_scale"])
        try metadata.addCount("attention.sliding_window", config, ["sliding_window"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try Llama.addVocabulary(to: &metadata, vocabulary, parts.model)
    }
}
