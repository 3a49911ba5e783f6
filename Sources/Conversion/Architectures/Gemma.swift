package import Formats
import Tensors

/// Google's Gemma, whose norms multiply by one more than their weights.
package struct Gemma: ModelArchitecture {
    package static let classes = ["GemmaForCausalLM"]
    package static let modelTypes = ["gemma"]

    package let name = "gemma"
    private let model: HuggingFaceModel

    package init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    // MARK: Tensors

    /// Its output is made with the embeddings, also where a checkpoint has them twice.
    package static func name(of tensor: String) -> String? {
        tensor.hasSameBytes(as: "lm_head.weight") ? nil : TextTensors.name(of: tensor)
    }

    package func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try TensorNames.llama.renamed(name, Self.shifted(name, value), self.name)]
    }

    /// A norm's weights with one added; others as they are.
    static func shifted(_ name: String, _ value: TensorValue) -> TensorValue {
        name.hasUTF8Suffix("norm.weight") ? value.adding(1) : value
    }

    // MARK: Metadata

    package func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try Self.addParameters(to: &metadata, model.config)
        metadata["general.file_type"] = .uint32(fileType)
    }

    /// Adds the keys of the first two generations.
    static func addParameters(
        to metadata: inout ModelMetadata, _ config: ModelConfig
    ) throws(ConversionError) {
        try metadata.addNeededCount("context_length", config, ["max_position_embeddings"])
        try metadata.addNeededCount("embedding_length", config, ["hidden_size"])
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("feed_forward_length", config, ["intermediate_size"])
        try metadata.addNeededCount("attention.head_count", config, ["num_attention_heads"])
        try metadata.addNeededCount(
            "attention.head_count_kv", config, ["num_key_value_heads", "num_attention_heads"])
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float(try config.number("rms_norm_eps"))))
        try metadata.addNeededCount("attention.key_length", config, ["head_dim"])
        try metadata.addNeededCount("attention.value_length", config, ["head_dim"])
    }

    package func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary)
        throws(ConversionError)
    {
        try vocabulary.addSentencePiece(to: &metadata)
        metadata["tokenizer.ggml.eot_token_id"] = .uint32(107)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    }

    // MARK: Defaults

    package static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.setDefaults([
            "vocab_size": 256000, "hidden_size": 3072, "intermediate_size": 24576, "num_hidden_layers": 28,
            "num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": 256,
            "max_position_embeddings": 8192, "rms_norm_eps": .number(1e-6), "rope_theta": 10000,
            "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2,
        ])
    }
}
