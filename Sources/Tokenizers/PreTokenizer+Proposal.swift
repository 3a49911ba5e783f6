package import Formats

extension PreTokenizer {
    /// The name that probably belongs to a tokenizer whose probe is not known, such as one that somebody trained: the
    /// pre-tokenizer that llama.cpp splits by the same regular expressions (llama-vocab.cpp of 2026-11). Names nothing by
    /// itself; it is for a person to say.
    /// - Parameter tokenizer: as `tokenizer.json` has it.
    /// - Returns: `nil` where the section splits in another way, or there is none.
    package static func proposal(for tokenizer: JSON) -> String? {
        guard let section = tokenizer["pre_tokenizer"] else { return nil }
        let parts = section["type"]?.string == "Sequence" ? section["pretokenizers"]?.array ?? [] : [section]
        guard let last = parts.last, last["type"]?.string == "ByteLevel",
            last["add_prefix_space"]?.bool != true
        else { return nil }
        let splitsItself = last["use_regex"]?.bool ?? true
        if parts.count == 1 { return splitsItself ? "gpt-2" : nil }
        guard parts.count == 2 else { return nil }
        if splitsItself {
            let isDigits = parts[0]["type"]?.string == "Digits" && parts[0]["individual_digits"]?.bool == true
            return isDigits ? "smollm" : nil
        }
        guard parts[0]["type"]?.string == "Split", parts[0]["behavior"]?.string == "Isolated",
            parts[0]["invert"]?.bool != true, let pattern = parts[0]["pattern"]?["Regex"]?.string
        else { return nil }
        return patterns.first { $0.pattern.hasSameBytes(as: pattern) }?.name
    }

    /// What to do where the probe is not known.
    /// - Parameter tokenizer: as `tokenizer.json` has it; `nil` where it is in no such file.
    static func fix(for tokenizer: JSON?) -> String {
        if let name = tokenizer.flatMap(proposal(for:)) {
            return "its pre_tokenizer splits as that of \(name) does: --pre \(name), "
                + "or pre-tokenizer = \"\(name)\" in a manifest"
        }
        return "name it with --pre NAME, or with pre-tokenizer = \"NAME\" in a manifest; "
            + "knapsack help gguf lists the names"
    }

    /// The expressions of the tokenizers that most others are trained from.
    private static let patterns: [(name: String, pattern: String)] = [("llama-bpe", "{1,3}"), ("qwen2", "")]
        .map {
            let words = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
            return ($0, words + $1 + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#)
        }
}
