import Formats
import Tensors

/// Google's Gemma 2: norms behind attention and feed-forward too, every other layer with a window.
struct Gemma2: ModelArchitecture {
    static let classes = ["Gemma2ForCausalLM"]
    static let modelTypes = ["gemma2"]

    let name = "gemma2"
    private let model: HuggingFaceModel
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    /// The names of the second and third generation.
    static let names = TensorNames.llama.adding([
        "model.layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
        "layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
        "model.layers.*.pre_feedforward_layernorm": "blk.*.ffn_norm",
        "layers.*.pre_feedforward_layernorm": "blk.*.ffn_norm",
        "model.layers.*.post_feedforward_layernorm": "blk.*.post_ffw_norm",
        "layers.*.post_feedforward_layernorm": "blk.*.post_ffw_norm",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    static func name(of tensor: String) -> String? { Gemma.name(of: tensor) }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, Gemma.shifted(name, value), self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        try Gemma.addParameters(to: &metadata, config)
        metadata["general.file_type"] = .uint32(fileType)
        for (key, name) in [
            ("attn_logit_softcapping", "attn_logit_softcapping"),
            ("final_logit_softcapping", "final_logit_softcapping"),
        ] {
            metadata.set(key, .float32(Float(try config.number(name))))
        }
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addSentencePiece(to: &metadata)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesLayerTypes(layers: 26) else { return }
        config.setDefaults([
            "vocab_size": 256000, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
            "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
            "max_position_embeddings": 8192, "rms_norm_eps": .number(1e-6), "rope_theta": 10000,
            "sliding_window": 4096, "final_logit_softcapping": 30, "attn_logit_softcapping": 50,
            "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2,
        ])
    }
}
