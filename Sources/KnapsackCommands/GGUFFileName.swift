import Conversion
import Storage

/// How a GGUF file of a model is called.
enum GGUFFileName {
    /// A name with its placeholders filled: `{ftype}`, `{FTYPE}` and their like become the type's name.
    static func filled(_ path: String, type: String) -> String { path }

    /// The name of a file that nobody named.
    static func standard(_ conversion: HuggingFaceConversion, type: String, isVocabulary: Bool) -> String {
        "model-\(isVocabulary ? "vocab" : type).gguf"
    }
}
