/// The small files of a model, those that are not weights, by their paths below the model's directory.
package struct ModelDocuments: Sendable {
    private var contents: [RelativePath: [UInt8]] = [:]

    /// Takes the files' contents.
    package init(_ contents: [RelativePath: [UInt8]] = [:]) {
        self.contents = contents
    }

    /// The paths, sorted by their bytes.
    package var paths: [RelativePath] { contents.keys.sorted() }

    /// A file's content, or `nil` if there is none of that path.
    package subscript(path: RelativePath) -> [UInt8]? {
        get { contents[path] }
        set { contents[path] = newValue }
    }

    /// A file's content as text; `nil` if there is none of that path. What is not UTF-8 becomes U+FFFD.
    package func text(_ path: RelativePath) -> String? {
        contents[path].map { String(decoding: $0, as: UTF8.self) }
    }

    /// A JSON file's value; `nil` if there is none of that path. `NaN` and infinities are taken, as Python's
    /// `json` takes them.
    /// - Throws: where it is not JSON.
    package func json(_ path: RelativePath) throws(ConversionError) -> JSON? {
        guard let bytes = contents[path] else { return nil }
        do throws(FormatError) {
            return try JSON.parse(bytes.span, nonFinite: true)
        } catch {
            let place = TextPlace(of: error.offset, in: bytes.span)
            throw ConversionError(
                .jsonBroken, "\(path) is broken: \(error.message) (\(place))",
                fix: "mend it there, or download it again")
        }
    }

    /// Whether a file of that path is worth reading for a conversion: it is small and states something of the model.
    package static func isWanted(_ path: RelativePath) -> Bool {
        if path.parent == nil { return names.contains(path) || path.hasSuffix(".tiktoken") }
        return path.name.hasSameBytes(as: "config.json")
            || (path.hasPrefix("additional_chat_templates/") && path.hasSuffix(".jinja"))
    }

    private static let names: Set<RelativePath> = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer.jsonl", "tokenizer_config.json",
        "tokenizer.model", "tiktoken.model", "rwkv_vocab_v20230424.txt",
        "added_tokens.json", "special_tokens_map.json", "vocab.json", "merges.txt", "vocab.txt",
        "chat_template.jinja", "chat_template.json", "README.md", "modules.json", "tekken.json",
        "params.json",
        "sentencepiece.bpe.model", "spiece.model", "adapter_config.json", "quantize_config.json",
        "hf_quant_config.json", "sentence_bert_config.json", "config_sentence_transformers.json",
        "preprocessor_config.json", "quantization_config.json", "quant_config.json",
    ]
}
