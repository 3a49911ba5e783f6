import Formats
import Tensors

/// GLM-4 of April 2025 (GLM-4-0414), and the parts for text of GLM-4.1V and GLM-OCR, of which the last has blocks that
/// predict further tokens.
struct GLM4: ModelArchitecture {
    static let classes = [
        "Glm4ForCausalLM", "Glm4vForConditionalGeneration", "GlmOcrForConditionalGeneration",
    ]
    static let modelTypes = ["glm4", "glm4v", "glm4v_text"]

    let name = "glm4"
    private let config: ModelConfig
    private let isSectioned: Bool
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames.llama.adding([
        "model.layers.*.post_self_attn_layernorm": "blk.*.post_attention_norm",
        "model.layers.*.post_mlp_layernorm": "blk.*.post_ffw_norm",
        "model.layers.*.mlp.gate_up_proj": "blk.*.ffn_up",
    ]).adding(TensorNames.prediction)

    static func predictionCount(_ config: ModelConfig) -> Int {
        config.architecture.hasUTF8Prefix("GlmOcr") ? (try? config.predictionCount()) ?? 0 : 0
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        isSectioned = RopeParameters(config).shared("mrope_section") != nil
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let isTurned = ["q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias"].contains {
            name.hasUTF8Suffix($0)
        }
        let value = isSectioned && isTurned ? try halved(name, value) : value
        return [try Self.names.renamed(name, value, self.name)]
    }

    /// The rows of each head that are rotated with the first of each pair before all second ones, which llama.cpp wants
    /// where rotations are in sections.
    private func halved(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        let length = try config.headLength()
        let share = RopeParameters(config).number("partial_rotary_factor") ?? 0.5
        guard let rows = value.shape.first, length > 0, rows.isMultiple(of: length), rows < 1 << 20,
            let turned = Int(exactly: (Double(length) * share).rounded(.towardZero)),
            (0...length).contains(turned), turned.isMultiple(of: 2), let view = value.view
        else { throw ConversionError.wrongShape(name, value.shape, "which is not divisible into heads") }
        guard turned > 0 else { return value }
        var views: [TensorView] = []
        for start in stride(from: 0, to: rows, by: length) {
            let parts = [
                view.sliced(axis: 0, start..<start + turned, step: 2),
                view.sliced(axis: 0, start + 1..<start + turned, step: 2),
                view.sliced(axis: 0, start + turned..<start + length),
            ]
            views += parts.compactMap { $0 }.filter { $0.count > 0 }
        }
        return TensorValue(views, shape: value.shape)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let share = RopeParameters(config).number("partial_rotary_factor") ?? 0.5
        metadata.set(
            "rope.dimension_count", try ModelMetadata.share(share, of: config.headLength(), heads: 1))
        guard config.architecture.hasUTF8Prefix("GlmOcr") else { return }
        metadata.set(
            "block_count", try ModelMetadata.count(config.blockCount() + config.predictionCount()))
        try metadata.addCount("nextn_predict_layers", config, ["num_nextn_predict_layers"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        let end = "<|endoftext|>"
        try vocabulary.addBPE(
            to: &metadata, special: [("eos", end), ("eot", "<|user|>"), ("unk", end), ("bos", end)])
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        if modelType == "glm4v" { return config.setTextKind("glm4v_text") }
        if modelType == "glm4v_text" {
            guard config.takesRopeScaling(isTypeCopied: true) else { return }
            config.setDefaults([
                "vocab_size": 151552, "hidden_size": 4096, "intermediate_size": 13696,
                "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 2,
                "max_position_embeddings": 32768, "rms_norm_eps": .number(1e-5), "rope_theta": 10000,
            ])
            return config.setDefault("num_key_value_heads", from: "num_attention_heads")
        }
        config.setDefaults([
            "vocab_size": 151552, "hidden_size": 4096, "intermediate_size": 13696, "num_hidden_layers": 40,
            "num_attention_heads": 32, "num_key_value_heads": 2, "partial_rotary_factor": .number(0.5),
            "head_dim": 128, "max_position_embeddings": 131072, "rms_norm_eps": .number(0.00000015625),
            "rope_theta": 10000, "pad_token_id": 151329,
        ])
    }
}
