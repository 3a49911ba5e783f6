package import Formats
import Tensors

extension Vocabulary {
    /// Adds the tokens of RWKV's own models: `rwkv_vocab_v20230424.txt`, a line of a number, a literal of Python's and
    /// its length in bytes each. A token is written as Python shows its bytes.
    /// - Throws: where there is no such file or it is none, where it has more tokens than the configuration states, and where there
    ///   is no chat template, as of the published models: the reference takes one of llama.cpp's.
    package func addRwkvWorld(to metadata: inout ModelMetadata) throws(ConversionError) {
        let path: RelativePath = "rwkv_vocab_v20230424.txt"
        let files = try tokenizerFiles()
        guard let text = files.files.text(path) else {
            throw .missingFile(path.text, for: "a model of this architecture has")
        }
        var table = TokenTable()
        table.append("<s>", .control)
        for (place, line) in TokenizerText.lines(text).enumerated() {
            let line = line.unicodeScalars
            guard let first = line.firstIndex(of: " "), let last = line.lastIndex(of: " "), first < last,
                table.count < TokenTable.maximumCount,
                let bytes = PythonLiteral.bytes(String(line[line.index(after: first)..<last])),
                Int(String(line[line.index(after: last)...])) == bytes.count
            else { throw .broken(path.text, "line \(place + 1) is not a number, a text and its length") }
            table.append(PythonLiteral.shown(bytes), .normal)
        }
        let count = try configuredCount() ?? 65536
        guard table.count <= count else {
            throw ConversionError(
                .vocabularySize,
                "\(path.text) has \(table.count) tokens, but \"vocab_size\" in config.json is \(count)",
                fix: "check that both are of this model")
        }
        for id in table.count..<count { table.append("[PAD\(id)]", .unused) }
        table.add(model: "rwkv", pre: nil, scored: false, to: &metadata)
        var special = try SpecialTokens(files)
        // Two ends of a line, at which an answer ends.
        try special.set("eot", 261)
        special.replace("bos", 0)
        special.replace("eos", 0)
        guard special.chatTemplate != nil else {
            throw .noChatTemplate(
                "llama-cpp-rwkv-world.jinja",
                notes: files.settings?.isEmpty ?? true
                    ? [
                        "there is no tokenizer_config.json, or it is empty: the reference then leaves a template "
                            + "out, whatever file it is in"
                    ] : [])
        }
        special.add(to: &metadata)
    }
}
