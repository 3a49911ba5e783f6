import Formats
import Tensors

/// Radical Numerics' RND1, Qwen 3 with experts that fills in masks (diffusion) instead of going on with a text.
struct RND1: PlainFamily {
    static let classes = ["RND1"]
    static let names = TensorNames.llama.without(TensorNames.denseLayers).adding(TensorNames.headNorms)

    let name = "rnd1"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] { [StoredExperts()] }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(RequiredTensors.llama + RequiredTensors.headNorms, dense: 0, experts: [])
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        try metadata.addCount(
            "expert_shared_feed_forward_length", config, ["shared_expert_intermediate_size"])
        metadata.set("attention.causal", .bool(false))
        try metadata.addMask(config)
    }
}
