import Formats
import Tensors

/// The part for text of SB Intuitions' Sarashina 2 with pictures, which is Llama.
struct Sarashina2: BuiltOnLlama {
    static let classes = ["Sarashina2VisionForCausalLM"]
    static let modelTypes: [String] = []

    let name = "llama"
    var llama: Llama

    init(_ model: HuggingFaceModel) throws(ConversionError) { llama = try Llama(model) }

    static func name(of tensor: String) -> String? {
        if tensor.hasUTF8Prefix("llm.") {
            return Llama.name(of: String(decoding: tensor.utf8.dropFirst("llm.".utf8.count), as: UTF8.self))
        }
        return tensor.hasUTF8Prefix("norm.") ? nil : Llama.name(of: tensor)
    }
}
