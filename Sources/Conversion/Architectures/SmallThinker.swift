import Formats
import Tensors

/// PowerInfer's SmallThinker, which chooses experts before attention.
struct SmallThinker: PlainFamily {
    static let classes = ["SmallThinkerForCausalLM"]
    static let names: TensorNames = {
        return TensorNames.llama.without(TensorNames.denseLayers).adding([
            "model.layers.*.block_sparse_moe.primary_router": "blk.*.ffn_gate_inp",
            "model.layers.*.block_sparse_moe.experts.down": "blk.*.ffn_down_exps",
            "model.layers.*.block_sparse_moe.experts.gate": "blk.*.ffn_gate_exps",
            "model.layers.*.block_sparse_moe.experts.up": "blk.*.ffn_up_exps",
        ])
    }()

    let name = "smallthinker"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        let key =
            config.first(["moe_num_primary_experts"])?.isTruthy == true ? ["moe_num_primary_experts"] : nil
        return [
            StoredExperts(
                keys: key ?? ["num_local_experts", "num_experts"], path: "block_sparse_moe.experts",
                matrices: [
                    (part: "down", inGGUF: "ffn_down_exps"), (part: "gate", inGGUF: "ffn_gate_exps"),
                    (part: "up", inGGUF: "ffn_up_exps"),
                ])
        ]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(RequiredTensors.llama, dense: 0, experts: [])
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addCount("expert_count", config, ["moe_num_primary_experts"])
        try metadata.addCount("expert_used_count", config, ["moe_num_active_primary_experts"])
        try metadata.addCount("expert_feed_forward_length", config, ["moe_ffn_hidden_size"])
        try metadata.addCount("feed_forward_length", config, ["moe_ffn_hidden_size"])
        let isSoft = config["moe_primary_router_apply_softmax"]?.isTruthy == true
        metadata.set("expert_gating_func", .uint32(isSoft ? 1 : 2))
        let layout = config["sliding_window_layout"]?.array ?? []
        guard layout.contains(where: { $0.wholeNumber != 0 }), config["sliding_window_size"]?.isTruthy == true
        else { return }
        try metadata.addCount("attention.sliding_window", config, ["sliding_window_size"])
    }
}
