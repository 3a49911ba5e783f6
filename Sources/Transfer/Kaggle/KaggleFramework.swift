import Formats

/// The frameworks of Kaggle's models: in handles "pyTorch", in the interface "MODEL_FRAMEWORK_PY_TORCH"
/// (kagglesdk 0.1.38, `ModelFramework`).
enum KaggleFramework {
    private static let start = "MODEL_FRAMEWORK_"
    private static let names = [
        "TENSOR_FLOW_1", "TENSOR_FLOW_2", "TF_LITE", "TF_JS", "PY_TORCH", "JAX", "FLAX", "PAX", "MAX_TEXT",
        "GEMMA_CPP", "GGML", "GGUF", "CORAL", "SCIKIT_LEARN", "MXNET", "ONNX", "KERAS", "TRANSFORMERS", "API",
        "OTHER", "TENSOR_RT_LLM", "TRITON", "VLLM",
    ]

    /// The name in a handle; `nil` for a text that is none.
    static func handleName(_ text: String) -> String? {
        let name = text.hasUTF8Prefix(start) ? String(text.dropFirst(start.count)) : text
        guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy(isWord) else { return nil }
        // Not in capitals alone: it is one already.
        if name.utf8.contains(where: { (0x61...0x7A).contains($0) }) { return name }
        let words = name.lowercased().utf8.split(separator: UInt8(ascii: "_")).map { String(Substring($0)) }
        guard let first = words.first else { return nil }
        return first + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// The name in the interface; a framework that is not known is spelled as the others are.
    static func interfaceName(_ handle: String) -> String {
        let letters = plain(handle)
        if let known = names.first(where: { plain($0) == letters }) { return start + known }
        return start + handle.uppercased()
    }

    /// Whether two spellings mean one framework.
    static func isSame(_ left: String, _ right: String) -> Bool { plain(left) == plain(right) }

    private static func plain(_ text: String) -> [UInt8] {
        text.lowercased().utf8.filter { isWord($0) && $0 != UInt8(ascii: "_") }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == UInt8(ascii: "_")
    }
}
