import Formats

/// What a token is for, by the numbers of `tokenizer.ggml.token_type` (llama.h, `enum llama_token_type`).
package enum TokenType: Int32, Sendable {
    /// A piece of text.
    case normal = 1
    /// What stands for text that has no token.
    case unknown
    /// States something of the text, such as where it begins, and is never in it.
    case control
    /// Text that the model's maker added.
    case userDefined
    /// In the vocabulary for its place alone.
    case unused
    /// One byte of UTF-8.
    case byte

    /// The type of a piece of SentencePiece, whose numbers are the same. What its user defined is text like any
    /// other, as convert_hf_to_gguf.py has it.
    init?(sentencePiece value: Int32) {
        guard let type = TokenType(rawValue: value) else { return nil }
        self = type == .userDefined ? .normal : type
    }

    /// Whether a token is one that states something of the text although its file calls it plain (base.py of the
    /// converter, `does_token_look_special`).
    static func looksSpecial(_ text: String) -> Bool {
        if ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].containsExactly(text) {
            return true
        }
        return [("<|", "|>"), ("<｜", "｜>"), ("<unused", ">")].contains {
            text.hasUTF8Prefix($0) && text.hasUTF8Suffix($1)
        }
    }
}
