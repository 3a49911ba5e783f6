import Formats
import Tensors

/// Microsoft's Phi 3.5 with experts: the keys of Phi 3, layers of Llama's kind with biases.
struct PhiMoe: ModelArchitecture {
    static let classes = ["PhiMoEForCausalLM"]
    static let modelTypes = ["phimoe"]

    let name = "phimoe"
    private let config: ModelConfig
    private let phi: Phi3
    private var experts: ExpertStacks
    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingMixtralExperts(config, ["num_local_experts", "num_experts"]).spellings
    }

    private static let names = TensorNames.llama.without(TensorNames.denseLayers)
        .adding(TensorNames.mixtralExperts)

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let bias = config["lm_head_bias"]?.isTruthy == true ? ["output+"] : []
        return RequiredTensors(
            ["token_embd", "output_norm+"] + bias,
            block: ["attn_norm+", "ffn_norm+"] + RequiredTensors.attention + RequiredTensors.experts)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        phi = try Phi3(model)
        experts = ExpertStacks(
            count: try config.size("num_local_experts", "num_experts"), parts: ["w1", "w2", "w3"],
            path: "block_sparse_moe.experts")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try experts.converted(name, value, Self.names, self.name)
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { try phi.generatedTensors() }

    func finish() throws(ConversionError) { try experts.finish() }

    func addFirstParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try phi.addFirstParameters(to: &metadata)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try phi.addParameters(to: &metadata, fileType: fileType)
        try metadata.addNeededCount(
            "expert_used_count", config, ["num_experts_per_tok", "num_experts_per_token"])
        try metadata.addNeededCount("expert_count", config, ["num_local_experts", "num_experts"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try phi.addVocabulary(to: &metadata, vocabulary)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        if let scaling = config["rope_scaling"], scaling != .null {
            guard scaling["short_mscale"]?.double != nil, scaling["long_mscale"]?.double != nil else {
                return
            }
            if let context = scaling["original_max_position_embeddings"] {
                config["original_max_position_embeddings"] = context
            }
        }
        guard config.takesRopeScaling(isTypeCopied: false) else { return }
        if let scaling = config["rope_scaling"], let type = scaling["type"], scaling["rope_type"] == nil {
            config["rope_scaling"] = .object((scaling.members ?? []) + [JSON.Member("rope_type", type)])
        }
        config.setDefaults([
            "vocab_size": 32064, "hidden_size": 4096, "intermediate_size": 6400, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131_072,
            "rms_norm_eps": .number(1e-5), "rope_theta": .number(1e6), "num_experts_per_tok": 2,
            "num_local_experts": 16, "bos_token_id": 1, "eos_token_id": 2,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
