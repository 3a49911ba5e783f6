import Formats
import Tensors

/// The part for text of Meta's Muse Glimmer: gates behind attention, and windows in some layers.
struct MuseGlimmer: PlainFamily {
    static let classes = ["MuseGlimmerForConditionalGeneration"]
    static let hasHalvedHeads = true
    static let names = TensorNames.llama.without([
        "model.layers.*.post_attention_layernorm", "layers.*.post_attention_layernorm",
    ]).adding([
        "model.layers.*.self_attn.gate_proj": "blk.*.attn_gate",
        "model.layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
        "model.layers.*.pre_feedforward_layernorm": "blk.*.ffn_norm",
        "model.layers.*.post_feedforward_layernorm": "blk.*.post_ffw_norm",
    ]).storing([
        // They are no tensors of the files, and stand beside the queries.
        "blk.*.attn_q_norm.weight": ["model.layers.*.self_attn.q_proj.weight"],
        "blk.*.attn_k_norm.weight": ["model.layers.*.self_attn.q_proj.weight"],
    ])

    let name = "muse-glimmer"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings + ["output"],
            block: RequiredTensors.llama + RequiredTensors.dense + [
                "attn_gate", "attn_q_norm", "attn_k_norm", "post_attention_norm", "post_ffw_norm",
            ])
    }

    /// With norms of queries that hold the factor of scores, before the queries.
    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let isNorm = name.hasUTF8Suffix("layernorm.weight")
        let own = try converted(name, isNorm ? value.adding(1) : value)
        guard let block = TensorNames.block(of: name), name == "model.layers.\(block).self_attn.q_proj.weight"
        else { return own }
        let length = try ModelConfig.rotatedHead(config.size("head_dim"))
        let scale = Float(try config.number("qk_scale_factor"))
        return [("q", scale), ("k", 1)].map { part, number in
            ConvertedTensor(
                "blk.\(block).attn_\(part)_norm.weight",
                TensorValue(numbers: [Float](repeating: number, count: length), shape: [length]))
        } + own
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededFloat("final_logit_softcapping", config, "final_logit_softcapping")
        try metadata.addNeededFloat("logit_scale", config, "output_multiplier")
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        try metadata.addWindows(config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
        guard let end = try vocabulary.id(of: "<|eot|>") else {
            throw ConversionError(
                .tokenMissing, "the tokenizer has no token \"<|eot|>\"",
                fix: "check that tokenizer.json belongs to this model")
        }
        metadata["tokenizer.ggml.eot_token_id"] = try ModelMetadata.count(end)
    }
}
