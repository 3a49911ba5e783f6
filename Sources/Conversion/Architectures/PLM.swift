import Formats
import Tensors

/// PLM: keys and values out of a short vector, and the square of relu in the place of gates.
struct PLM: PlainFamily {
    static let classes = ["PLMForCausalLM"]
    static let names = TensorNames.llama.without([
        "model.layers.*.mlp.gate_proj", "model.layers.*.self_attn.k_proj", "model.layers.*.self_attn.v_proj",
    ]).adding(TensorNames.shortKeysAndValues)

    let name = "plm"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "attn_q"] + RequiredTensors.shortKeysAndValues
                + ["ffn_norm", "ffn_up", "ffn_down"])
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addNeededCount("attention.kv_lora_rank", config, ["kv_lora_rank"])
        let rotated = try config.size("qk_rope_head_dim")
        metadata.set(
            "attention.key_length", try ModelMetadata.count(config.size("qk_nope_head_dim") + rotated))
        try metadata.addNeededCount("attention.value_length", config, ["v_head_dim"])
        metadata.set("rope.dimension_count", try ModelMetadata.count(rotated))
    }
}

extension TensorNames {
    /// The names of what makes keys and values out of a short vector, in one matrix.
    static let shortKeysAndValues: [ExactName: String] = [
        "model.layers.*.self_attn.kv_a_proj_with_mqa": "blk.*.attn_kv_a_mqa",
        "model.layers.*.self_attn.kv_a_layernorm": "blk.*.attn_kv_a_norm",
        "model.layers.*.self_attn.kv_b_proj": "blk.*.attn_kv_b",
    ]
}

extension RequiredTensors {
    /// What makes keys and values out of a short vector, and the attention's output.
    static let shortKeysAndValues = ["attn_kv_a_mqa", "attn_kv_a_norm", "attn_kv_b", "attn_output"]
}
