import Formats
import Tokenizers

/// How an added token is spelled that is looked for in the text as it is: as what the tokenizer decodes its id to.
/// llama.cpp looks for all added tokens in the text as it is.
struct AddedSpelling {
    private let decoder: TokenDecoder?
    private let cleansUp: Bool

    /// Takes the decoder of `tokenizer.json`, or that of what transformers makes of other files.
    /// - Throws: where the decoder is broken or of no known kind.
    init(_ files: TokenizerDocuments) throws(ConversionError) {
        cleansUp = files.settings?["clean_up_tokenization_spaces"]?.isTruthy ?? false
        if let tokenizer = files.tokenizer {
            guard let part = tokenizer["decoder"], part != .null else {
                decoder = nil
                return
            }
            decoder = try TokenDecoder(TokenizerPart(part, "decoder"))
        } else if files.files["vocab.json"] != nil {
            decoder = .byteLevel
        } else {
            decoder = .wordPiece(prefix: ["#", "#"], cleansUp: true)
        }
    }

    /// The text of an added token.
    func text(of token: String) throws(ConversionError) -> String {
        guard let decoder else { return cleaned(token) }
        var scalars = String.UnicodeScalarView()
        for part in try decoder.decode([Array(token.unicodeScalars)]) { scalars.append(contentsOf: part) }
        return cleaned(String(scalars))
    }

    /// As transformers cleans up text (`clean_up_tokenization`), where the settings want that.
    private func cleaned(_ text: String) -> String {
        guard cleansUp, text.utf8.contains(0x20) else { return text }
        let pairs = [
            (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
            (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
        ]
        return pairs.reduce(text) { $0.replacingUTF8($1.0, with: $1.1) }
    }
}
