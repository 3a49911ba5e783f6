import Formats
import Tensors

/// OpenBMB's MiniCPM 3, whose queries, keys and values come out of short vectors.
struct MiniCPM3: PlainFamily {
    static let classes = ["MiniCPM3ForCausalLM"]
    static let names = TensorNames.llama.without([
        "model.layers.*.self_attn.k_proj", "model.layers.*.self_attn.v_proj",
    ]).adding(TensorNames.shortKeysAndValues).adding([
        "model.layers.*.self_attn.q_a_proj": "blk.*.attn_q_a",
        "model.layers.*.self_attn.q_a_layernorm": "blk.*.attn_q_a_norm",
        "model.layers.*.self_attn.q_b_proj": "blk.*.attn_q_b",
    ])

    let name = "minicpm3"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "attn_q_a", "attn_q_a_norm", "attn_q_b", "ffn_norm"]
                + RequiredTensors.shortKeysAndValues + RequiredTensors.dense)
    }

    /// The factors by which rotations of long and of short texts are divided.
    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        let rope = RopeParameters(config)
        let count = try config.size("qk_rope_head_dim") / 2
        var tensors: [ConvertedTensor] = []
        for kind in ["long", "short"] {
            guard let stated = rope.shared("\(kind)_factor")?.array, !stated.isEmpty else { continue }
            let factors = stated.compactMap { $0.double.map { Float($0) } }
            guard factors.count == count, factors.count == stated.count else {
                throw ConversionError(
                    .configValueWrong, "config.json: \"\(kind)_factor\" is not a list of \(count) numbers",
                    fix: "check that it is the config.json of this model")
            }
            tensors.append(
                ConvertedTensor("rope_factors_\(kind).weight", TensorValue(numbers: factors, shape: [count])))
        }
        if tensors.count == 1 { throw ModelConfig.missing(["long_factor", "short_factor"]) }
        return tensors
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        metadata["general.file_type"] = .uint32(fileType)
        try metadata.addNeededCount("context_length", config, ["max_position_embeddings"])
        try metadata.addNeededCount("embedding_length", config, ["hidden_size"])
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("feed_forward_length", config, ["intermediate_size"])
        try metadata.addNeededCount("attention.head_count", config, ["num_attention_heads"])
        try metadata.addNeededCount("attention.head_count_kv", config, ["num_key_value_heads"])
        try metadata.addNeededFloat("attention.layer_norm_rms_epsilon", config, "rms_norm_eps")
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addCount("attention.q_lora_rank", config, ["q_lora_rank"])
        try metadata.addNeededCount("attention.kv_lora_rank", config, ["kv_lora_rank"])
        let rotated = try config.size("qk_rope_head_dim")
        metadata.set(
            "attention.key_length", try ModelMetadata.count(config.size("qk_nope_head_dim") + rotated))
        metadata.set("rope.dimension_count", try ModelMetadata.count(rotated))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addSentencePiece(to: &metadata)
    }
}
