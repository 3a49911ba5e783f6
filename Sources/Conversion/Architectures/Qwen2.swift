package import Formats

/// Qwen 2 and 2.5, and the distillations of others into them.
package struct Qwen2: ModelArchitecture {
    package static let classes = [
        "Qwen2ForCausalLM", "Qwen2Model", "KORMoForCausalLM", "Qwen2AudioForConditionalGeneration",
        "DotsOCRForCausalLM", "AudioFlamingo3ForConditionalGeneration",
    ]
    package static let modelTypes = ["qwen2", "qwen2_audio"]

    package let name = "qwen2"
    private let model: HuggingFaceModel

    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let usual = ["input_layernorm", "post_attention_layernorm"].map { "model.layers.*.\($0)" }
        return TensorNames.llama.spellings + names.without(usual).spellings
    }

    /// With KORMo's names of the norms.
    private static let names = TensorNames.llama.adding([
        "model.layers.*.pre_attention_layernorm": "blk.*.attn_norm",
        "model.layers.*.pre_mlp_layernorm": "blk.*.ffn_norm",
    ])

    package init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    package func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let name = model.config.architecture == "Qwen2Model" ? "model." + name : name
        return [try Self.names.renamed(name, value, self.name)]
    }

    package func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        try metadata.addPooling(model.files, model.config)
    }

    package func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary)
        throws(ConversionError)
    {
        if model.files["tokenizer.model"] != nil {
            try vocabulary.addSentencePiece(to: &metadata)
        } else {
            try vocabulary.addBPE(to: &metadata)
        }
    }

    package static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        if modelType == "qwen2_audio" { return config.setTextKind("qwen2") }
        guard config.takesLayerTypes(layers: 32), config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32, "max_position_embeddings": 32768,
            "rms_norm_eps": .number(1e-6), "rope_theta": 10000,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
