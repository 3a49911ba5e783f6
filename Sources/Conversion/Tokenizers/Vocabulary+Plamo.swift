package import Formats
import Tensors

extension Vocabulary {
    /// Adds the tokens of PLaMo 2 and 3: `tokenizer.jsonl`, a list a line of a text, a score and a kind.
    /// - Throws: where there is no such file or it is none, and where a special token is none of its tokens.
    package func addPlamo(to metadata: inout ModelMetadata) throws(ConversionError) {
        let files = try tokenizerFiles()
        let path: RelativePath = "tokenizer.jsonl"
        guard let bytes = files.files[path] else {
            throw .missingFile(path.text, for: "a model of this architecture has")
        }
        guard let settings = files.settings else {
            throw .missingFile("tokenizer_config.json", for: "a model of this architecture has")
        }
        var table = TokenTable()
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            if line.allSatisfy({ [9, 11, 12, 13, 32].contains($0) }) { continue }
            guard let entry = try? JSON.parse(Array(line).span), let parts = entry.array, parts.count >= 2,
                let text = parts[0].string, let score = parts[1].double, table.count < TokenTable.maximumCount
            else { throw .broken(path.text, "line \(table.count + 1) is not a list of a text and a score") }
            table.append(
                text, score: Float(score),
                Self.plamoType(text, parts.count > 2 ? parts[2].string ?? "" : "NORMAL"))
        }
        let count = try configuredCount() ?? 0
        for place in 0..<max(0, count - table.count) {
            table.append("[PAD\(place + 1)]", score: -1000, .unused)
        }
        table.add(model: "plamo2", pre: "default", scored: true, to: &metadata)
        for (kind, key) in [
            ("bos", "bos"), ("eos", "eos"), ("pad", "padding"), ("sep", "seperator"), ("unk", "unknown"),
        ] {
            guard let entry = settings[ExactName("\(kind)_token")], entry != .null else { continue }
            guard let text = entry.string,
                let id = table.texts.firstIndex(where: { $0.hasSameBytes(as: text) })
            else {
                throw ConversionError(
                    .tokenMissing, "tokenizer_config.json: \"\(kind)_token\" is none of the tokens",
                    fix: "check that tokenizer.jsonl belongs to this model")
            }
            metadata["tokenizer.ggml.\(key)_token_id"] = .uint32(UInt32(truncatingIfNeeded: id))
        }
        // `<|plamo:op|>`, so that answers end.
        metadata["tokenizer.ggml.eot_token_id"] = .uint32(4)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    }

    private static func plamoType(_ text: String, _ kind: String) -> TokenType {
        let types: [ExactName: TokenType] = ["UNKNOWN": .unknown, "CONTROL": .control, "BYTE": .byte]
        if let type = types[ExactName(kind)] { return type }
        return text.hasUTF8Prefix("<|plamo:") && text.hasUTF8Suffix("|>") ? .control : .normal
    }
}
