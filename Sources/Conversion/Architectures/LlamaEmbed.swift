import Formats

/// Nvidia's models for embeddings that are a Llama whose tokens see all others.
struct LlamaEmbed: BuiltOnLlama {
    static let classes = ["LlamaBidirectionalModel"]
    static let modelTypes: [String] = []

    let name = "llama-embed"
    var llama: Llama

    init(_ model: HuggingFaceModel) throws(ConversionError) { llama = try Llama(model) }
}
