import Formats
import Tensors

/// Tencent's Hy3: experts behind the first layers, and blocks that predict further tokens.
struct HunYuan3: PlainFamily {
    static let classes = ["HYV3ForCausalLM"]
    static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.layers.*.mlp.router.gate": "blk.*.ffn_gate_inp",
            "model.layers.*.mlp.expert_bias": "blk.*.exp_probs_b",
            "model.layers.*.final_layernorm": "blk.*.nextn.shared_head_norm",
        ]
        for part in ["gate", "up", "down"] {
            for own in ["shared_mlp", "shared_experts"] {
                names[ExactName("model.layers.*.mlp.\(own).\(part)_proj")] = "blk.*.ffn_\(part)_shexp"
            }
        }
        return TensorNames.llama.adding(TensorNames.headNorms).adding(TensorNames.prediction).adding(names)
            .storing(["blk.*.exp_probs_b": ["model.layers.*.mlp.expert_bias"]])
    }()

    let name = "hy_v3"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] { [StoredExperts()] }

    static func predictionCount(_ config: ModelConfig) -> Int { (try? config.predictionCount()) ?? 0 }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = config.first(["first_k_dense_replace"])?.wholeNumber ?? 0
        let last = (try? config.blockCount()) ?? Int.max
        return RequiredTensors(RequiredTensors.embeddings) { block in
            let attention = RequiredTensors.llama + RequiredTensors.headNorms
            if block < dense { return attention + RequiredTensors.dense }
            return attention + RequiredTensors.experts + RequiredTensors.sharedExperts + ["exp_probs_b."]
                + (block < last ? [] : ["nextn.eh_proj", "nextn.enorm", "nextn.hnorm"])
        }
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let ahead = try config.predictionCount()
        metadata.set("block_count", try ModelMetadata.count(config.blockCount() + ahead))
        let length = try config.size("moe_intermediate_size")
        metadata.set("expert_feed_forward_length", try ModelMetadata.count(length))
        try metadata.addProduct(
            "expert_shared_feed_forward_length", length,
            config.integerIfPresent("num_shared_experts") ?? 1)
        metadata.set("expert_weights_norm", .bool(config["route_norm"]?.isTruthy ?? true))
        metadata.set(
            "expert_weights_scale",
            .float32(Float(try config.numberIfPresent("router_scaling_factor") ?? 1)))
        metadata.set("expert_gating_func", .uint32(2))
        if ahead > 0 { metadata.set("nextn_predict_layers", try ModelMetadata.count(ahead)) }
    }
}
