package import Formats
import Tensors

extension Vocabulary {
    /// Whether there is a vocabulary as tiktoken has it, and none in another form that comes first.
    package var isTiktokenAlone: Bool {
        guard let files = try? tokenizerFiles(), files.tokenizer == nil else { return false }
        return files.files["tiktoken.model"] != nil
    }

    /// Adds Kimi's tokenizer, `tiktoken.model`: 256 special tokens stand behind the tokens of the file, with the texts that
    /// `added_tokens_decoder` of `tokenizer_config.json` has for their ids.
    ///
    /// The class `TikTokenTokenizer`, of which a model has the code, reads it so in all published models
    /// (`tokenization_kimi.py`, `tokenization_moonshot.py`).
    /// - Parameter endsAsStated: whether the end of a text is the tokenizer's, whatever config.json states.
    /// - Throws: where the tokenizer is of another class, or cuts text in another way.
    package func addKimi(
        to metadata: inout ModelMetadata, endsAsStated: Bool = false
    ) throws(ConversionError) {
        let files = try tokenizerFiles()
        let file = try TiktokenFile(files.files, "tiktoken.model")
        try expect("TikTokenTokenizer", "tiktoken.model")
        let merges = file.merges()
        let pre = try preTokenizerName(of: file.tokenizer(merges, pattern: Self.kimiPattern))
        guard pre.hasSameBytes(as: "kimi-k2") else {
            throw ConversionError(
                .preTokenizerUnknown,
                "tiktoken.model is not Kimi's: llama.cpp would cut its text as \"\(pre)\"",
                fix: "convert a model with a tokenizer.json")
        }
        let first = file.ranked.tokens.count
        var texts: [Int: String] = [:]
        for entry in try files.addedTokensDecoder() { texts[entry.id] = entry.text }
        let special = (first..<first + Self.reservedCount).map {
            ($0, texts[$0] ?? "<|reserved_token_\($0)|>")
        }
        let count = try configuredCount()
        guard let count, count >= first, count <= first + Self.reservedCount else {
            throw Self.wrongCount("tiktoken.model", first, Self.reservedCount, count)
        }
        try add(file, merges, special, count: count, pre: pre, to: &metadata)
        try SpecialTokens(files).add(to: &metadata)
        guard endsAsStated else { return }
        let stated = files.settings?["eos_token"]
        let end = stated?.string ?? stated?["content"]?.string ?? "[EOS]"
        guard let id = special.last(where: { $1.hasSameBytes(as: end) })?.0 else {
            throw ConversionError(
                .tokenMissing, "tokenizer_config.json has no id for \"\(end.prefix(40))\", which ends a text",
                fix: "check that it belongs to this model")
        }
        metadata["tokenizer.ggml.eos_token_id"] = try ModelMetadata.count(id)
    }

    /// Adds the tokenizer of Hunyuan's models with experts, `hy.tiktoken`, behind whose tokens stand 210 special ones that
    /// its class `HYTokenizer` states in its code (`tokenization_hy.py`).
    package func addHunyuan(to metadata: inout ModelMetadata) throws(ConversionError) {
        let file = try TiktokenFile(try tokenizerFiles().files, "hy.tiktoken", renumbers: true)
        try expect("HYTokenizer", "hy.tiktoken")
        let merges = file.merges()
        let pre = try preTokenizerName(of: file.tokenizer(merges, pattern: Self.hunyuanPattern))
        let names =
            ["endoftext", "startoftext", "bos", "eos", "pad"].map { "<|\($0)|>" }
            + (0..<205).map { "<|extra_\($0)|>" }
        let first = file.ranked.tokens.count
        guard let count = try configuredCount(), count == first + names.count else {
            throw Self.wrongCount("hy.tiktoken", first, names.count, try configuredCount())
        }
        let special = names.enumerated().map { (first + $0, $1) }
        try add(file, merges, special, count: count, pre: pre, to: &metadata)
        try SpecialTokens(try tokenizerFiles()).add(to: &metadata)
    }

    // MARK: What they share

    private static let reservedCount = 256
    /// What words match, of Kimi's class.
    private static let kimiPattern = [
        #"[\p{Han}]+"#,
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"#
            + #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#,
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*"#
            + #"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#,
        #"\p{N}{1,3}"#, #" ?[^\s\p{L}\p{N}]+[\r\n]*"#, #"\s*[\r\n]+"#, #"\s+(?!\S)"#, #"\s+"#,
    ].joined(separator: "|")
    /// What words match, of Hunyuan's class.
    private static let hunyuanPattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private func expect(_ name: String, _ path: String) throws(ConversionError) {
        let stated = tokenizerClass ?? ""
        guard stated.hasSameBytes(as: name) else {
            throw ConversionError(
                .tokenizerMissing,
                "\(path) cannot be read: its tokenizer is of the class \"\(stated.prefix(40))\", whose code states what it means",
                notes: ["of the class \(name) it is known"], fix: "convert a model with a tokenizer.json")
        }
    }

    private static func wrongCount(
        _ path: String, _ tokens: Int, _ special: Int, _ count: Int?
    ) -> ConversionError {
        ConversionError(
            .vocabularySize,
            "\(path) has \(tokens) tokens and its class \(special) special ones, but \"vocab_size\" in config.json is "
                + (count.map { "\($0)" } ?? "missing"),
            fix: "check that both are of this model")
    }

    /// Adds the tokens. A special one takes its text from a token that has the same.
    private func add(
        _ file: TiktokenFile, _ merges: [(left: String, right: String)], _ special: [(Int, String)],
        count: Int,
        pre: String, to metadata: inout ModelMetadata
    ) throws(ConversionError) {
        var ids: [ExactName: (id: Int, type: TokenType)] = [:]
        for (id, text) in file.texts.enumerated() { ids[ExactName(text)] = (id, .normal) }
        for (id, text) in special { ids[ExactName(text)] = (id, .control) }
        var table = try TokenTable(placeholders: count)
        for (text, token) in ids where token.id < count { table.set(token.id, text.text, token.type) }
        table.add(model: "gpt2", pre: pre, scored: false, to: &metadata)
        metadata["tokenizer.ggml.merges"] = .strings(merges.map { "\($0.left) \($0.right)" })
    }
}
