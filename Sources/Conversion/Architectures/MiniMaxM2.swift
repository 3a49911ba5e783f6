import Formats
import Tensors

/// MiniMax M2.
struct MiniMaxM2: ModelArchitecture {
    static let classes = ["MiniMaxM2ForCausalLM"]
    static let modelTypes: [String] = []

    let name = "minimax-m2"
    private let config: ModelConfig
    private var experts: ExpertStacks

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingMixtralExperts(config, ["num_local_experts", "num_experts"]).spellings
    }

    private static let names = TensorNames.llama.without(TensorNames.denseLayers)
        .adding(TensorNames.headNorms).adding(TensorNames.mixtralExperts)
        .adding(["model.layers.*.block_sparse_moe.e_score_correction": "blk.*.exp_probs_b"])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + ["attn_q_norm", "attn_k_norm"] + RequiredTensors.experts
                + ["exp_probs_b.bias"])
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        experts = ExpertStacks(
            count: try config.size("num_local_experts", "num_experts"), parts: ["w1", "w2", "w3"],
            path: "block_sparse_moe.experts")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try experts.converted(name, value, Self.names, self.name)
    }

    func finish() throws(ConversionError) { try experts.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("expert_feed_forward_length", config, ["intermediate_size"])
        try metadata.addNeededCount("rope.dimension_count", config, ["rotary_dim"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
