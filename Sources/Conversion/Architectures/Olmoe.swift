import Formats
import Tensors

/// OLMoE of the Allen Institute: experts, and norms over all heads at once.
struct Olmoe: ModelArchitecture {
    static let classes = ["OlmoeForCausalLM"]
    static let modelTypes = ["olmoe"]

    let name = "olmoe"
    private let config: ModelConfig
    private var experts: ExpertStacks
    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingExperts(count: config.first(["num_local_experts", "num_experts"])?.wholeNumber).spellings
    }

    private static let names = TensorNames.llama.without(TensorNames.denseLayers)
        .adding(TensorNames.headNorms)

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors { Qwen3Moe.requiredTensors(config) }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        experts = ExpertStacks(
            count: try config.size("num_local_experts", "num_experts"),
            parts: ["down_proj", "gate_proj", "up_proj"], path: "mlp.experts")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try experts.converted(name, value, Self.names, self.name)
    }

    func finish() throws(ConversionError) { try experts.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        // The class has this one, whatever is stated.
        metadata.set("attention.layer_norm_rms_epsilon", .float32(1e-5))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 50304, "hidden_size": 2048, "intermediate_size": 2048, "num_hidden_layers": 16,
            "num_attention_heads": 16, "max_position_embeddings": 4096, "rms_norm_eps": .number(1e-5),
            "rope_theta": 10000, "num_experts_per_tok": 8, "num_experts": 64, "pad_token_id": 1,
            "eos_token_id": 50279,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
