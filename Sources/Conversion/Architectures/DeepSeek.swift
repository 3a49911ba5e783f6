import Formats
import Tensors

/// The first of DeepSeek's models with experts.
struct DeepSeek: PlainFamily {
    static let classes = ["DeepseekForCausalLM"]
    static let names = TensorNames.llama.adding(TensorNames.sharedExperts)
    static let hasHalvedHeads = true

    let name = "deepseek"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [StoredExperts(keys: ["n_routed_experts"])]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(
            RequiredTensors.llama, dense: config.first(["first_k_dense_replace"])?.wholeNumber ?? 0,
            experts: RequiredTensors.sharedExperts)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addWholeHeads(config)
        metadata.set("rope.scaling.type", .string("none"))
        try metadata.addNeededCount("leading_dense_block_count", config, ["first_k_dense_replace"])
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addNeededCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        metadata.set("expert_weights_scale", .float32(1))
        try metadata.addNeededCount("expert_count", config, ["n_routed_experts"])
        try metadata.addNeededCount("expert_shared_count", config, ["n_shared_experts"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addSentencePieceOrBPE(to: &metadata)
    }
}
