import Formats
import Tensors

/// MiniMax M3, of models with pictures the part for text: layers that look at what an index finds.
struct MiniMaxM3: PlainFamily {
    static let classes = ["MiniMaxM3SparseForCausalLM", "MiniMaxM3SparseForConditionalGeneration"]
    static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.layers.*.block_sparse_moe.e_score_correction": "blk.*.exp_probs_b"
        ]
        for part in ["gate", "up", "down"] {
            names[ExactName("model.layers.*.block_sparse_moe.shared_experts.\(part)_proj")] =
                "blk.*.ffn_\(part)_shexp"
        }
        for part in ["q_proj", "k_proj", "q_norm", "k_norm"] {
            names[ExactName("model.layers.*.self_attn.index_\(part)")] = "blk.*.indexer.\(part)"
        }
        return TensorNames.llama.without(["model.layers.*.mlp.gate"]).adding(TensorNames.headNorms)
            .adding(TensorNames.mixtralExperts).adding(names)
    }()

    let name = "minimax-m3"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [
            StoredExperts(
                path: "block_sparse_moe.experts",
                matrices: [
                    (part: "w1", inGGUF: "ffn_gate_exps"), (part: "w2", inGGUF: "ffn_down_exps"),
                    (part: "w3", inGGUF: "ffn_up_exps"),
                ])
        ]
    }

    private static func denseCount(_ config: ModelConfig) -> Int {
        let kinds = config.first(["moe_layer_freq"])?.array ?? []
        return kinds.firstIndex { $0.wholeNumber != 0 } ?? kinds.count
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = denseCount(config)
        let attention = RequiredTensors.llama + RequiredTensors.headNorms
        let experts =
            RequiredTensors.experts + RequiredTensors.sharedExperts + ["exp_probs_b.bias"]
            + ["q_proj", "k_proj", "q_norm", "k_norm"].map { "indexer.\($0)" }
        return RequiredTensors(RequiredTensors.embeddings) { block in
            attention + (block < dense ? RequiredTensors.dense : experts)
        }
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try converted(name, Gemma.shifted(name, value))
    }

    func type(of name: String, shape: [Int], wanted: OutputType) -> GGMLType? {
        name.containsUTF8(".indexer.") ? .f32 : nil
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("expert_feed_forward_length", config, ["intermediate_size"])
        try metadata.addNeededCount("rope.dimension_count", config, ["rotary_dim"])
        try metadata.addNeededCount("expert_shared_count", config, ["n_shared_experts"])
        try metadata.addNeededFloat("expert_weights_scale", config, "routed_scaling_factor")
        metadata.set("expert_weights_norm", .bool(true))
        guard let members = config["sparse_attention_config"]?.members else {
            throw ModelConfig.missing(["sparse_attention_config"])
        }
        let index = ModelConfig(members: members)
        for (key, own) in [
            ("head_count", "sparse_num_index_heads"), ("key_length", "sparse_index_dim"),
            ("top_k", "sparse_topk_blocks"), ("block_size", "sparse_block_size"),
            ("local_blocks", "sparse_local_block"),
        ] {
            try metadata.addNeededCount("attention.indexer.\(key)", index, [own])
        }
        guard config["moe_layer_freq"]?.array != nil else { throw ModelConfig.missing(["moe_layer_freq"]) }
        metadata.set("leading_dense_block_count", try ModelMetadata.count(Self.denseCount(config)))
    }
}
