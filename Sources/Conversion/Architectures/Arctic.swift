import Formats
import Tensors

/// Snowflake's Arctic: dense layers beside experts in every block.
struct Arctic: PlainFamily {
    static let classes = ["ArcticForCausalLM"]
    static let hasHalvedHeads = true
    static let names = TensorNames.llama.without(TensorNames.denseLayers).adding(TensorNames.mixtralExperts)
        .adding([
            "model.layers.*.post_attention_layernorm": "blk.*.ffn_norm_exps",
            "model.layers.*.residual_layernorm": "blk.*.ffn_norm",
            "model.layers.*.residual_mlp.w1": "blk.*.ffn_gate",
            "model.layers.*.residual_mlp.w2": "blk.*.ffn_down",
            "model.layers.*.residual_mlp.w3": "blk.*.ffn_up",
        ])

    let name = "arctic"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [
            StoredExperts(
                keys: ["num_local_experts"], path: "block_sparse_moe.experts",
                matrices: [
                    (part: "w1", inGGUF: "ffn_gate_exps"), (part: "w2", inGGUF: "ffn_down_exps"),
                    (part: "w3", inGGUF: "ffn_up_exps"),
                ])
        ]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.dense + ["ffn_norm_exps"] + RequiredTensors.experts
        )
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        let length = try config.size("hidden_size") / config.size("num_attention_heads")
        metadata.set("rope.dimension_count", try ModelMetadata.count(length))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addArctic(to: &metadata)
    }
}
