import Formats

/// The frameworks of Kaggle's models.
package enum KaggleFramework {
    /// kagglesdk 0.1.38, `model_enums.py`.
    static let known = [
        "TENSOR_FLOW_1", "TENSOR_FLOW_2", "TF_LITE", "TF_JS", "PY_TORCH", "JAX", "FLAX", "PAX", "MAX_TEXT",
        "GEMMA_CPP", "GGML", "GGUF", "CORAL", "SCIKIT_LEARN", "MXNET", "ONNX", "KERAS", "TRANSFORMERS", "API",
        "OTHER", "TENSOR_RT_LLM", "TRITON", "VLLM",
    ]

    /// The name that calls have for a framework of a handle, whose capital letters and underscores do not count
    /// (kagglehub 1.0.3, `enum.py`); one that is not known here is named as it stands, and Kaggle decides.
    package static func name(of text: String) -> String {
        func plain(_ text: String) -> [UInt8] {
            text.utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
                .map { (0x61...0x7A).contains($0) ? $0 & 0xDF : $0 }
        }
        let wanted = plain(text)
        let name = known.first { plain($0) == wanted } ?? String(decoding: wanted, as: UTF8.self)
        return "MODEL_FRAMEWORK_" + name
    }
}

// The names that handles and answers have for them.
extension KaggleFramework {
    private static let start = "MODEL_FRAMEWORK_"

    /// The name in a handle, "pyTorch", of one in an answer, "MODEL_FRAMEWORK_PY_TORCH"; `nil` for a text that is none.
    package static func handleName(_ text: String) -> String? {
        let name = text.hasUTF8Prefix(start) ? String(text.dropFirst(start.count)) : text
        guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy(isWord) else { return nil }
        // Not in capitals alone: it is one already.
        if name.utf8.contains(where: { (0x61...0x7A).contains($0) }) { return name }
        let words = name.lowercased().utf8.split(separator: UInt8(ascii: "_")).map { String(Substring($0)) }
        guard let first = words.first else { return nil }
        return first + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// Whether Kaggle's clients know a framework: they refuse an answer with one that they do not know.
    package static func isKnown(_ text: String) -> Bool {
        let name = name(of: text)
        return known.contains { (start + $0).hasSameBytes(as: name) }
    }

    /// Whether two spellings mean one framework.
    package static func isSame(_ left: String, _ right: String) -> Bool {
        name(of: left).hasSameBytes(as: name(of: right))
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == UInt8(ascii: "_")
    }
}
