package import Formats
import Tensors
import Tokenizers

extension Vocabulary {
    /// Adds Mistral's own tokenizer, `tekken.json`.
    ///
    /// llama.cpp knows the templates of the older versions by name. For those from version 11 on the reference
    /// writes a template of its own; here the model's own is written where it has one.
    package func addTekken(to metadata: inout ModelMetadata) throws(ConversionError) {
        let files = try tokenizerFiles()
        guard let json = try TokenizerDocuments.object("tekken.json", files.files) else {
            throw .missingFile("tekken.json", for: "has the vocabulary")
        }
        let tekken = try Tekken(json)
        metadata["tokenizer.ggml.model"] = .string("gpt2")
        metadata["tokenizer.ggml.pre"] = .string("tekken")
        metadata["tokenizer.ggml.merges"] = .strings(try tekken.merges())
        for (key, token) in [("bos", "<s>"), ("eos", "</s>"), ("unknown", "<unk>"), ("padding", "<pad>")] {
            guard let id = tekken.special.firstIndex(where: { $0.hasSameBytes(as: token) }) else {
                throw .broken("tekken.json", "it has no special token \"\(token)\"")
            }
            metadata["tokenizer.ggml.\(key)_token_id"] = .uint32(UInt32(id))
        }
        let texts = tekken.special + tekken.ranked.tokens.map(ByteCharacters.text)
        let types = texts.indices.map { $0 < tekken.special.count ? TokenType.control : .normal }
        metadata["tokenizer.ggml.tokens"] = .strings(texts)
        metadata["tokenizer.ggml.scores"] = .int32s([Int32](repeating: 0, count: texts.count))
        metadata["tokenizer.ggml.token_type"] = .int32s(types.map(\.rawValue))
        metadata.set("vocab_size", .uint32(UInt32(texts.count)))
        metadata["tokenizer.ggml.add_bos_token"] = .bool(true)
        metadata["tokenizer.ggml.add_eos_token"] = .bool(false)
        if let name = Tekken.templates[tekken.version] {
            metadata["tokenizer.chat_template"] = .string(name)
        } else {
            try ChatTemplate(files.settings ?? [:], files.files)?.add(to: &metadata)
        }
    }
}

/// What `tekken.json` states.
private struct Tekken {
    /// The texts of the special tokens, which have the first ids.
    var special: [String]
    /// The tokens behind them.
    let ranked: RankedTokens
    /// The version, as `v3`.
    let version: String

    /// llama.cpp's names for the templates of versions.
    static let templates = ["v1": "mistral-v1", "v3": "mistral-v3-tekken", "v7": "mistral-v7-tekken"]

    /// The special tokens of versions whose files do not have them.
    private static let oldSpecial = [
        "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
        "[TOOL_RESULTS]",
        "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]", "[IMG_END]", "[PREFIX]",
        "[MIDDLE]",
        "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]", "[TOOL_CONTENT]",
    ]

    init(_ json: JSON) throws(ConversionError) {
        func broken(_ reason: String) -> ConversionError { .broken("tekken.json", reason) }
        guard let config = json["config"], let count = config["default_vocab_size"]?.integer,
            let specialCount = config["default_num_special_tokens"]?.integer, specialCount >= 0,
            count > specialCount, count <= TokenTable.maximumCount
        else { throw broken("\"config\" has no sizes that can be right") }
        version = config["version"]?.string ?? ""
        special = Self.oldSpecial
        if let list = json["special_tokens"], list != .null {
            special = []
            for (id, entry) in (list.array ?? []).enumerated() {
                guard let text = entry["token_str"]?.string, entry["rank"]?.integer == id else {
                    throw broken("the special token \(id) has no text or another rank")
                }
                special.append(text)
            }
        }
        guard special.count <= specialCount else {
            throw broken("it has \(special.count) special tokens, but states \(specialCount)")
        }
        special += (special.count..<specialCount).map { "<SPECIAL_\($0)>" }
        guard let list = json["vocab"]?.array, list.count >= count - specialCount else {
            throw broken("it has fewer tokens than it states")
        }
        var tokens: [[UInt8]] = []
        tokens.reserveCapacity(count - specialCount)
        for (rank, entry) in list.prefix(count - specialCount).enumerated() {
            guard let text = entry["token_bytes"]?.string, let bytes = Base64.bytes(text, .standard),
                !bytes.isEmpty,
                entry["rank"]?.integer == rank, rank >= 256 || bytes == [UInt8(rank)]
            else { throw broken("the token of rank \(rank) is not valid") }
            tokens.append(bytes)
        }
        guard let ranked = RankedTokens(tokens) else { throw broken("it has a token twice") }
        self.ranked = ranked
    }

    func merges() throws(ConversionError) -> [String] {
        do throws(RankedTokens.Unmergeable) {
            return try ranked.allMerges(from: 256)
        } catch {
            throw .broken("tekken.json", "no two tokens make that of rank \(error.rank)")
        }
    }
}
