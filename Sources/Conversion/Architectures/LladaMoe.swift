import Formats
import Tensors

/// InclusionAI's LLaDA-MoE, which fills in masks (diffusion) instead of going on with a text.
struct LladaMoe: PlainFamily {
    static let classes = ["LLaDAMoEModel", "LLaDAMoEModelLM"]
    static let names = TensorNames.llama.without(TensorNames.denseLayers).adding(TensorNames.headNorms)

    let name = "llada-moe"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] { [StoredExperts()] }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(
            RequiredTensors.llama + RequiredTensors.headNorms, dense: 0, experts: [],
            whole: RequiredTensors.embeddings + ["output"])
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addCount("expert_feed_forward_length", config, ["expert_intermediate_size"])
        // The mask of the models' own tokenizer, which no configuration states.
        metadata["tokenizer.ggml.mask_token_id"] = .uint32(156_895)
        metadata.set("attention.causal", .bool(false))
        metadata["diffusion.shift_logits"] = .bool(false)
    }
}
