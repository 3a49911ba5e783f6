import Formats
import Tensors

/// HKU's Dream, which fills in masks (diffusion) instead of going on with a text.
struct Dream: PlainFamily {
    static let classes = ["DreamModel"]
    static let names = TensorNames.llama

    let name = "dream"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "ffn_norm", "attn_q+", "attn_k+", "attn_v+", "attn_output"]
                + RequiredTensors.dense)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addPooling(parts.model.files, config)
        metadata.set("attention.causal", .bool(false))
        try metadata.addMask(config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if vocabulary.hasSentencePiece {
            try vocabulary.addSentencePiece(to: &metadata)
        } else {
            try vocabulary.addBPE(to: &metadata, keepsKinds: true)
        }
    }
}

extension ModelMetadata {
    /// Adds the token that stands for what is to be filled in, where the configuration states it.
    mutating func addMask(_ config: ModelConfig) throws(ConversionError) {
        guard let mask = try config.integerIfPresent("mask_token_id") else { return }
        self["tokenizer.ggml.mask_token_id"] = try Self.count(mask)
    }
}
