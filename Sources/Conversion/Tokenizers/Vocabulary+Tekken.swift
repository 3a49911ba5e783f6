import Tensors

extension Vocabulary {
    /// Adds Mistral's own tokenizer, `tekken.json`.
    public func addTekken(to metadata: inout ModelMetadata) throws(ConversionError) {
        throw .missingFile("tokenizer.json", for: "has the vocabulary")
    }
}
