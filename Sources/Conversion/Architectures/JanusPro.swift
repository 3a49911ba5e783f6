import Formats
import Tensors

/// The part for text of DeepSeek's Janus Pro, which is Llama.
struct JanusPro: BuiltOnLlama {
    static let classes = ["JanusForConditionalGeneration"]
    static let modelTypes: [String] = []

    let name = "llama"
    var llama: Llama

    init(_ model: HuggingFaceModel) throws(ConversionError) { llama = try Llama(model) }

    /// All but what sees and what draws.
    static func name(of tensor: String) -> String? {
        let others = [
            "vision_model", "aligner", "vqmodel", "generation_embeddings", "generation_aligner",
            "generation_head",
        ]
        return others.contains { tensor.hasUTF8Prefix("model.\($0).") } ? nil : Llama.name(of: tensor)
    }
}
