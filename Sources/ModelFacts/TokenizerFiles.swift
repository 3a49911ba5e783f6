import Conversion
import Formats

/// What counts as a tokenizer, by the names of files.
struct TokenizerFiles {
    /// What a person is told that was looked for.
    static let wanted =
        "tokenizer.json, vocab.txt, vocab.json with merges.txt, *.model, *.spm, tekken.json, *.tiktoken"

    private let names: Set<ExactName>

    /// - Parameters:
    ///   - paths: the files of the entry.
    ///   - directory: where the model is stored; empty for the top. Directories in it that are named after a
    ///     tokenizer count too.
    init(_ paths: Set<RelativePath>, in directory: String) {
        let start = directory.isEmpty ? "" : directory + "/"
        names = Set(
            paths.compactMap { path -> ExactName? in
                guard path.utf8.starts(with: start.utf8) else { return nil }
                let parts = path.utf8.dropFirst(start.utf8.count).split(separator: UInt8(ascii: "/"))
                guard let name = parts.last, parts.count <= 2 else { return nil }
                if parts.count == 2, !String(Substring(parts[0])).contains("tokenizer") { return nil }
                return ExactName(String(Substring(name)))
            })
    }

    /// Whether a tokenizer is there, whole.
    var isComplete: Bool {
        let whole: [ExactName] = [
            "tokenizer.json", "vocab.txt", "tekken.json", "vocab-src.json", "prophetnet.tokenizer",
            "dict.txt", "bpe.codes",
        ]
        if whole.contains(where: names.contains) { return true }
        if names.contains("merges.txt"), names.contains("vocab.json") { return true }
        // SentencePiece: tokenizer.model, spiece.model, sentencepiece.bpe.model, source.spm; tiktoken:
        // qwen.tiktoken; RWKV: rwkv_vocab_v20230424.txt.
        return names.contains(where: Self.isVocabulary)
    }

    /// Whether a file's name is one of a vocabulary, or of one's half.
    static func isPart(_ name: ExactName) -> Bool {
        (["vocab.json", "merges.txt", "dict.txt", "bpe.codes", "tekken.json"] as [ExactName]).contains(name)
            || isVocabulary(name)
    }

    private static func isVocabulary(_ name: ExactName) -> Bool {
        name.hasSuffix(".model") || name.hasSuffix(".spm") || name.hasSuffix(".tiktoken")
            || (name.hasSuffix(".txt") && name.text.contains("vocab"))
    }

    /// Which half of a vocabulary of two files is missing, or `nil`.
    var missingHalf: String? {
        switch (names.contains("vocab.json"), names.contains("merges.txt")) {
        case (true, false): "merges.txt"
        case (false, true): "vocab.json"
        default: nil
        }
    }
}
