import Formats
import Tensors

/// A vocabulary to write: each token's text, score and type, by id.
struct TokenTable {
    /// More tokens than any vocabulary has; what asks for more is broken.
    static let maximumCount = 1 << 22

    /// The tokens' texts.
    private(set) var texts: [String]
    /// Scores as a SentencePiece model has them, higher for what is found first; -10000 for places that
    /// nothing fills.
    private(set) var scores: [Float]
    /// What tokens are for.
    private(set) var types: [TokenType]

    /// A table with nothing but places: `[PAD0]`, `[PAD1]` …
    /// - Throws: if there are more than a vocabulary can have.
    init(placeholders count: Int) throws(ConversionError) {
        guard count > 0, count <= Self.maximumCount else {
            throw ConversionError(
                .vocabularySize, "a vocabulary of \(count) tokens cannot be right",
                fix: "check that \"vocab_size\" in config.json is the model's")
        }
        texts = (0..<count).map { "[PAD\($0)]" }
        scores = [Float](repeating: -10000, count: count)
        types = [TokenType](repeating: .unused, count: count)
    }

    /// A table of nothing.
    init() {
        texts = []
        scores = []
        types = []
    }

    /// The number of tokens; ids are below it.
    var count: Int { texts.count }

    /// Puts a token at its place; the id was seen to be below the count.
    mutating func set(_ id: Int, _ text: String, score: Float = 0, _ type: TokenType) {
        texts[id] = text
        scores[id] = score
        types[id] = type
    }

    /// Puts a token behind all others.
    mutating func append(_ text: String, score: Float = 0, _ type: TokenType) {
        texts.append(text)
        scores.append(score)
        types.append(type)
    }

    /// Takes away the last token and those before an id.
    mutating func trim(before first: Int) {
        texts = Array(texts.dropLast().dropFirst(first))
        scores = Array(scores.dropLast().dropFirst(first))
        types = Array(types.dropLast().dropFirst(first))
    }

    /// Puts tokens before all others.
    mutating func prepend(_ tokens: [(text: String, type: TokenType)]) {
        texts = tokens.map(\.text) + texts
        scores = tokens.map { _ in 0 } + scores
        types = tokens.map(\.type) + types
    }

    /// Changes every text.
    mutating func rewrite(_ body: (String, TokenType) -> String) {
        for id in texts.indices { texts[id] = body(texts[id], types[id]) }
    }

    /// Adds the items of a GGUF: the kind of tokenizer, then the tables.
    /// - Parameters:
    ///   - model: `gpt2`, `llama`, `bert`, `t5` or `gemma4`.
    ///   - pre: how text is cut before tokens are found; `nil` where the model's kind states it.
    func add(model: String, pre: String?, scored: Bool, to metadata: inout ModelMetadata) {
        metadata["tokenizer.ggml.model"] = .string(model)
        if let pre { metadata["tokenizer.ggml.pre"] = .string(pre) }
        metadata["tokenizer.ggml.tokens"] = .strings(texts)
        if scored { metadata["tokenizer.ggml.scores"] = .float32s(scores) }
        metadata["tokenizer.ggml.token_type"] = .int32s(types.map(\.rawValue))
    }
}
