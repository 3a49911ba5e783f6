package import Formats
import Tokenizers

/// The tokenizer of a model, as GGUF has it: what convert_hf_to_gguf.py writes for it, by kind of tokenizer. Each of
/// the `add` functions adds items in the order of the file.
package struct Vocabulary: Sendable {
    private let loaded: Result<TokenizerDocuments, ConversionError>
    private let modelFiles: ModelDocuments
    /// The configuration with all defaults, the part for text on its top level.
    private(set) var config: JSON
    private let preTokenizer: String?
    private let sha256: SHA256Function

    /// Takes what the tokenizer is made from; what is wrong with it comes out when it is added.
    /// - Parameters:
    ///   - files: the model's small files.
    ///   - config: the configuration with all defaults, the part for text on its top level.
    ///   - preTokenizer: what llama.cpp calls the pre-tokenizer; `nil` to find it.
    ///   - sha256: computes the hash by which it is found.
    package init(
        files: ModelDocuments, config: JSON, preTokenizer: String?, sha256: @escaping SHA256Function
    ) {
        modelFiles = files
        self.config = config
        self.preTokenizer = preTokenizer
        self.sha256 = sha256
        do throws(ConversionError) {
            loaded = .success(try TokenizerDocuments(files))
        } catch {
            loaded = .failure(error)
        }
    }

    /// The same for a configuration with another value of a key.
    private init(_ other: Vocabulary, config: JSON) {
        self = other
        self.config = config
    }

    /// The same with so many tokens that their number is a multiple of another.
    /// - Throws: where the configuration states no number of tokens.
    package func padded(toMultipleOf step: Int) throws(ConversionError) -> Vocabulary {
        guard step > 0, let count = try configuredCount() else { throw ModelConfig.missing(["vocab_size"]) }
        let padded = (count + step - 1) / step * step
        let members = (config.members ?? []).map {
            $0.key.hasSameBytes(as: "vocab_size") ? JSON.Member("vocab_size", .integer(padded)) : $0
        }
        return Vocabulary(self, config: .object(members))
    }

    // MARK: What a family may ask

    /// Whether `tokenizer.json` is a BPE whose unknown characters become bytes, as Llama's first one in this form.
    package var isByteFallbackBPE: Bool {
        guard let tokenizer = try? loaded.get().tokenizer, let model = tokenizer["model"] else {
            return false
        }
        return model["type"]?.isText("BPE") == true && model["byte_fallback"]?.isTruthy == true
            && tokenizer["decoder"]?["type"]?.isText("Sequence") == true
    }

    /// The class that `tokenizer_config.json` names.
    package var tokenizerClass: String? { try? loaded.get().tokenizerClass }

    /// Whether there is a SentencePiece model, `tokenizer.model`.
    package var hasSentencePiece: Bool { modelFiles["tokenizer.model"] != nil }

    // MARK: What the kinds share

    /// The files.
    /// - Throws: where one is broken.
    func tokenizerFiles() throws(ConversionError) -> TokenizerDocuments { try loaded.get() }

    /// All tokens, as transformers has them.
    func transformersTokens() throws(ConversionError) -> TransformersTokens {
        try TransformersTokens(try tokenizerFiles(), modelType: config["model_type"]?.string ?? "")
    }

    /// The id of a token by its text; `nil` where there is none.
    package func id(of text: String) throws(ConversionError) -> Int? { try transformersTokens().id(of: text) }

    /// The number of tokens in the configuration; `nil` where it has none.
    /// - Throws: where it is no number that can be right.
    func configuredCount() throws(ConversionError) -> Int? {
        guard let value = config["vocab_size"], value != .null else { return nil }
        guard let count = value.integer, count > 0, count <= TokenTable.maximumCount else {
            throw ConversionError(
                .vocabularySize, "config.json: \"vocab_size\" is \(value.compactText.prefix(40))",
                fix: "check that it is the config.json of this model")
        }
        return count
    }

    /// The same of a tokenizer that is in no file.
    /// - Parameter tokenizer: as `tokenizer.json` would have it.
    func preTokenizerName(of tokenizer: JSON) throws(ConversionError) -> String {
        if let preTokenizer { return preTokenizer }
        return try PreTokenizer.identify(tokenizer: tokenizer, sha256: sha256)
    }

    /// The name by which llama.cpp knows how the tokenizer cuts text before it looks for tokens.
    func preTokenizerName() throws(ConversionError) -> String {
        if let preTokenizer { return preTokenizer }
        return try PreTokenizer.identify(
            files: modelFiles, config: config, parsed: try tokenizerFiles().tokenizer, sha256: sha256)
    }
}
