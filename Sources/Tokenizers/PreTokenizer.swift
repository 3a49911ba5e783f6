package import Formats

/// The name that llama.cpp gives to the way in which a tokenizer splits a text: `tokenizer.ggml.pre`.
package enum PreTokenizer {
    /// Finds the name as llama.cpp's converter does: by what the tokenizer makes of a certain text.
    /// - Parameters:
    ///   - files: the model's files.
    ///   - config: its `config.json`.
    ///   - parsed: the content of `tokenizer.json`, where it was read before.
    ///   - sha256: computes the hash that the name is found by.
    /// - Throws: if there is no tokenizer, it is not supported, or it is not one of those that are known.
    package static func identify(
        files: ModelDocuments, config: JSON, parsed: JSON? = nil, sha256: SHA256Function
    ) throws(ConversionError) -> String {
        let encoder = try TokenizerEncoder(files: files, config: config, parsed: parsed)
        let ids = try encoder.encode(probe, addSpecialTokens: true)
        let tokenizer = if let parsed { parsed } else { try files.json("tokenizer.json") }
        return try identify(ids: ids, of: tokenizer, sha256: sha256)
    }

    /// Finds the name of a tokenizer that is in no file, without tokens that are put around a text.
    /// - Parameter tokenizer: as `tokenizer.json` would have it.
    /// - Throws: if it is not supported, or not one of those that are known.
    package static func identify(
        tokenizer: JSON, sha256: SHA256Function
    ) throws(ConversionError) -> String {
        let encoder = try TokenizerEncoder(tokenizer: tokenizer)
        return try identify(
            ids: try encoder.encode(probe, addSpecialTokens: false), of: tokenizer, sha256: sha256)
    }

    /// The name that belongs to the ids of the probe.
    /// - Parameter tokenizer: as `tokenizer.json` has it, by which a name is proposed where none is known.
    /// - Throws: where none is known.
    package static func identify(
        ids: [Int], of tokenizer: JSON? = nil, sha256: SHA256Function
    ) throws(ConversionError) -> String {
        let hash = try hash(ids, sha256: sha256)
        let line = known.split(separator: "\n").last { $0.utf8.starts(with: hash.utf8) }
        guard let name = line?.split(separator: " ").last else {
            throw ConversionError(
                .preTokenizerUnknown, "the tokenizer's way to split a text is not known",
                notes: ["SHA-256 of the probe's ids: \(hash)"],
                fix: fix(for: tokenizer))
        }
        return String(name)
    }

    /// The hash of the ids as Python prints a list of them.
    package static func hash(_ ids: [Int], sha256: SHA256Function) throws(ConversionError) -> String {
        let list = ids.map { String($0) }.joined(separator: ", ")
        return try sha256(Array("[\(list)]".utf8))
    }

    /// Every name that is known, once each, sorted.
    package static let names: [String] = {
        let names = Set(
            exactly:
                known.split(separator: "\n").compactMap { $0.split(separator: " ").last.map(String.init) })
        return names.sortedTexts
    }()

    /// The text that tells tokenizers apart, from the same file as the hashes.
    static let probe: String = {
        let spaces = "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \n"
        let emojis = "🚀 (normal) 😶\u{200D}🌫\u{FE0F} (multiple emojis concatenated) ✅ 🦙🦙 "
        let digits = "3 33 333 3333 33333 333333 3333333 33333333 3.3 3..3 3...3 "
        let scripts = "កាន់តែពិសេសអាច😁 ?我想在apple工作1314151天～ ------======= нещо на Български "
        let marks = "''''''```````\"\"\"\"......!!!!!!?????? "
        let words =
            "I've been 'told he's there, 'RE you sure? 'M not sure I'll make it, 'D you like some tea? We'Ve a'lL"
        return spaces + emojis + digits + scripts + marks + words
    }()
}
