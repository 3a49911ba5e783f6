import Formats
import Tensors

/// Baidu's ERNIE 4.5, without experts, and the part for text of PaddleOCR-VL.
struct Ernie: ModelArchitecture {
    static let classes = [
        "Ernie4_5_ForCausalLM", "Ernie4_5ForCausalLM", "PaddleOCRVLForConditionalGeneration",
    ]
    static let modelTypes = ["ernie4_5"]

    let name: String
    private let model: HuggingFaceModel

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        name = model.config.architecture.hasUTF8Prefix("PaddleOCR") ? "paddleocr" : "ernie4_5"
        _ = try RotaryHeads(model.config)
    }

    /// As transformers has them, and with the fused layers of Baidu's own checkpoints.
    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let start = "model.layers.*."
        let attention = [start + "self_attn.qkv_proj.weight"]
        let halves = [start + "mlp.up_gate_proj.weight"]
        let fused = TensorNames.llama.storing([
            "blk.*.attn_q.weight": attention, "blk.*.attn_k.weight": attention,
            "blk.*.attn_v.weight": attention,
            "blk.*.ffn_gate.weight": halves, "blk.*.ffn_up.weight": halves,
        ])
        return TensorNames.llama.spellings + fused.spellings
    }

    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.replacingUTF8("ernie.", with: "model."))
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var converted: [ConvertedTensor] = []
        for part in try parts(name, value) {
            converted.append(try TensorNames.llama.renamed(part.name, part.value, self.name))
        }
        return converted
    }

    /// What Baidu's own checkpoints have fused, apart.
    private func parts(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        let heads = try RotaryHeads(model.config)
        let (queries, keys) = (heads.count * heads.length, heads.keyCount * heads.length)
        let fused: [(name: String, parts: [(String, Int)])] = [
            (
                "qkv_proj.weight",
                [("q_proj.weight", queries), ("k_proj.weight", keys), ("v_proj.weight", keys)]
            ),
            (
                "up_gate_proj.weight",
                ["gate_proj.weight", "up_proj.weight"].map { ($0, (value.shape.first ?? 0) / 2) }
            ),
        ]
        guard let (end, parts) = fused.first(where: { name.hasUTF8Suffix($0.name) }) else {
            return [ConvertedTensor(name, value)]
        }
        let start = String(decoding: name.utf8.dropLast(end.utf8.count), as: UTF8.self)
        guard let view = value.view, parts.reduce(0, { $0 + $1.1 }) == value.shape.first else {
            throw ConversionError.wrongShape(
                name, value.shape, "which is not divisible into parts of \(parts.map(\.1)) rows")
        }
        var place = 0
        var result: [ConvertedTensor] = []
        for (part, rows) in parts {
            guard let own = view.sliced(axis: 0, place..<place + rows) else { continue }
            result.append(ConvertedTensor(start + part, TensorValue(own)))
            place += rows
        }
        return result
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try Self.addVocabulary(to: &metadata, vocabulary, model)
    }

    /// Adds the tokenizer; also for models with experts.
    static func addVocabulary(
        to metadata: inout ModelMetadata, _ vocabulary: Vocabulary, _ model: HuggingFaceModel
    ) throws(ConversionError) {
        try vocabulary.addSentencePiece(to: &metadata)
        if let adds = try model.files.json("tokenizer_config.json")?["add_prefix_space"] {
            metadata["tokenizer.ggml.add_space_prefix"] = .bool(adds.isTruthy)
        }
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 103424, "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 18,
            "num_attention_heads": 16, "num_key_value_heads": 2, "max_position_embeddings": 131072,
            "rms_norm_eps": .number(1e-5), "rope_theta": 500_000, "head_dim": 128, "pad_token_id": 0,
            "bos_token_id": 1, "eos_token_id": 2,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        if config["head_dim"] == .null, let length = try? config.headLength() {
            config["head_dim"] = .integer(length)
        }
    }
}
