import Formats
import Tensors

/// OrionStar's Orion, Llama with LayerNorm.
struct Orion: PlainFamily {
    static let classes = ["OrionForCausalLM"]
    static let names = TensorNames.llama

    let name = "orion"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "output_norm+"],
            block: ["attn_norm+", "ffn_norm+"] + RequiredTensors.attention + RequiredTensors.dense)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        metadata["general.file_type"] = .uint32(fileType)
        metadata.set("tensor_data_layout", .string("Meta AI original pth"))
        try metadata.addNeededCount(
            "context_length", config,
            ["max_sequence_length", "max_position_embeddings", "model_max_length"])
        try metadata.addNeededCount("embedding_length", config, ["hidden_size"])
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("feed_forward_length", config, ["intermediate_size"])
        try metadata.addNeededCount("attention.head_count", config, ["num_attention_heads"])
        try metadata.addNeededCount(
            "attention.head_count_kv", config, ["num_key_value_heads", "num_attention_heads"])
        // The configuration calls it so, and it is LayerNorm all the same.
        try metadata.addNeededFloat("attention.layer_norm_epsilon", config, "rms_norm_eps")
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addSentencePiece(to: &metadata)
    }
}
