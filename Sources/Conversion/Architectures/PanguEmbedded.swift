import Formats
import Tensors

/// Huawei's openPangu Embedded, Llama with biases in its attention.
struct PanguEmbedded: PlainFamily {
    static let classes = ["PanguEmbeddedForCausalLM"]
    static let names = TensorNames.llama

    let name = "pangu-embedded"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "ffn_norm", "attn_q+", "attn_k+", "attn_v+", "attn_output+"]
                + RequiredTensors.dense)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name == "lm_head.weight", config.isTied { return [] }
        return [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addWholeHeads(config)
        let length = try ModelMetadata.count(config.headLength())
        metadata.set("attention.key_length", length)
        metadata.set("attention.value_length", length)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addSentencePiece(to: &metadata)
        try vocabulary.addPrefixSpace(to: &metadata)
    }
}

extension Vocabulary {
    /// Adds whether a space is put before a text, where `tokenizer_config.json` states it.
    func addPrefixSpace(to metadata: inout ModelMetadata) throws(ConversionError) {
        guard let adds = try tokenizerFiles().settings?["add_prefix_space"] else { return }
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(adds.isTruthy)
    }
}
