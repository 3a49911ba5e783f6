public import Tensors

/// The tokenizer of a model, as GGUF has it.
public struct Vocabulary: Sendable {
    /// Takes what the tokenizer is made from.
    public init(files: ModelFiles, config: JSON, preTokenizer: String?) {}
    var isByteFallbackBPE: Bool { false }
    func addTekken(to metadata: inout ModelMetadata) throws(ConversionError) {}
    func addSentencePiece(to metadata: inout ModelMetadata) throws(ConversionError) {}
    func addByteFallbackBPE(to metadata: inout ModelMetadata) throws(ConversionError) {}
    func addBPE(to metadata: inout ModelMetadata) throws(ConversionError) {}
}
