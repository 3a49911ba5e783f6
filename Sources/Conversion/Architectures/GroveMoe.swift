import Formats
import Tensors

/// InclusionAI's GroveMoE: experts of which two share a smaller one.
struct GroveMoe: PlainFamily {
    static let classes = ["GroveMoeForCausalLM", "modeling_grove_moe.GroveMoeForCausalLM"]
    static let names = TensorNames.llama.without(TensorNames.denseLayers).adding(TensorNames.headNorms)
        .adding(
            Dictionary(
                uniqueKeysWithValues: ["gate", "up", "down"].map {
                    (
                        ExactName("model.layers.*.mlp.chunk_experts.\($0)_proj"),
                        "blk.*.ffn_\($0)_chexps"
                    )
                }))

    let name = "grovemoe"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        let shared = [
            (part: "down_proj", inGGUF: "ffn_down_chexps"), (part: "gate_proj", inGGUF: "ffn_gate_chexps"),
            (part: "up_proj", inGGUF: "ffn_up_chexps"),
        ]
        return [
            StoredExperts(path: "mlp.chunk_experts", matrices: shared, share: 2), StoredExperts(),
        ]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(
            RequiredTensors.llama + RequiredTensors.headNorms, dense: 0,
            experts: ["ffn_gate_chexps", "ffn_up_chexps", "ffn_down_chexps"])
    }

    /// The models' own class has a bias of experts that it does not use.
    static func name(of tensor: String) -> String? {
        tensor.hasUTF8Suffix(".expert_bias") ? nil : TextTensors.name(of: tensor)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        // Numbers of the models' own code, which no configuration states (modeling_grove_moe.py).
        metadata.set(
            "expert_chunk_feed_forward_length",
            try ModelMetadata.count(config.integerIfPresent("head_dim") ?? 128))
        metadata.set("experts_per_group", .uint32(2))
        metadata.set("expert_group_scale", .float32(0.05))
    }
}
