import Formats
import Tensors

/// Deepgrove's Maple: experts in every layer, and windows in the layers that rotate.
struct Maple: PlainFamily {
    static let classes = ["MapleForCausalLM"]
    static let names = TensorNames.llama.without(TensorNames.denseLayers).adding(TensorNames.headNorms)

    let name = "maple"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [StoredExperts(keys: ["num_experts"])]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(RequiredTensors.llama + RequiredTensors.headNorms, dense: 0, experts: [])
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        guard config["hidden_act"]?.isText("silu") == true else { throw ModelConfig.missing(["hidden_act"]) }
        guard config["nope_on_global_attention"]?.isTruthy == true else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"nope_on_global_attention\" is not true, as llama.cpp has this family",
                fix: "check that it is the config.json of this model")
        }
        if let norm = config["norm_topk_prob"], !norm.isTruthy {
            throw .wrongValue(
                "norm_topk_prob", norm, "true, as llama.cpp scales this family's chosen experts")
        }
        if let shared = config["num_shared_experts"], shared.wholeNumber != 0 {
            throw .wrongValue("num_shared_experts", shared, "0, as llama.cpp has none for this family")
        }
        // The reference divides them whether it needs the share or not.
        for key in ["hidden_size", "num_attention_heads"] { _ = try config.size(key) }
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        let rope = RopeParameters(config)
        let isLayered = ["full_attention", "sliding_attention"].contains { rope.shared($0) != nil }
        let share =
            (isLayered
                ? rope.shared("partial_rotary_factor")?.double : rope.number("partial_rotary_factor")) ?? 1
        metadata.set(
            "rope.dimension_count", try ModelMetadata.share(share, of: config.headLength(), heads: 1))
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        try metadata.addWindows(config)
        try metadata.addNeededCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        // What the class bounds gates by, which no key states.
        metadata.addGateLimit(7, blockCount: try config.blockCount(), ["exp"])
    }
}
