@testable import Conversion
@testable import Formats
@testable import Tensors

/// Builds the files of small tokenizers for tests.
struct SampleTokenizer {
    var config: [String: JSON] = ["vocab_size": 8]
    var vocab: JSON = ["a": 0, "b": 1, "ab": 2]
    var merges: JSON? = ["a b"]
    var added: [JSON] = []
    var parts: [String: JSON] = [:]
    var settings: [String: JSON]? = [:]
    var files = ModelDocuments()

    static func token(
        _ content: String, _ id: Int, special: Bool = true, normalized: Bool = false
    ) -> JSON {
        [
            "id": .integer(id), "content": .string(content), "special": .bool(special),
            "normalized": .bool(normalized), "single_word": false, "lstrip": false, "rstrip": false,
        ]
    }

    static func json(_ members: [String: JSON]) -> JSON {
        .object(members.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) })
    }

    /// All files, `tokenizer.json` among them.
    var all: ModelDocuments {
        var all = files
        var model: [String: JSON] = ["type": "BPE", "vocab": vocab]
        if let merges { model["merges"] = merges }
        var tokenizer = parts
        tokenizer["model"] = Self.json(model)
        tokenizer["added_tokens"] = .array(added)
        all["tokenizer.json"] = Array(Self.json(tokenizer).compactText.utf8)
        return withoutTokenizer(all)
    }

    /// All files but `tokenizer.json`.
    var others: ModelDocuments { withoutTokenizer(files) }

    private func withoutTokenizer(_ files: ModelDocuments) -> ModelDocuments {
        var all = files
        all["config.json"] = Array(Self.json(config).compactText.utf8)
        if let settings { all["tokenizer_config.json"] = Array(Self.json(settings).compactText.utf8) }
        return all
    }

    /// What a BPE writes.
    func bpe(_ files: ModelDocuments? = nil) throws(ConversionError) -> ModelMetadata {
        var metadata = ModelMetadata(architecture: "test")
        let vocabulary = Vocabulary(
            files: files ?? all, config: Self.json(config), preTokenizer: "default", sha256: sha256)
        try vocabulary.addBPE(to: &metadata)
        return metadata
    }
}

extension ModelMetadata {
    /// The texts of an array of strings.
    func texts(_ key: String) -> [String]? {
        guard case .strings(let texts) = self["tokenizer.\(key)"] else { return nil }
        return texts
    }

    /// A number.
    func id(_ kind: String) -> UInt32? {
        guard case .uint32(let id) = self["tokenizer.ggml.\(kind)_token_id"] else { return nil }
        return id
    }

    /// Types of tokens.
    var types: [Int32]? {
        guard case .int32s(let types) = self["tokenizer.ggml.token_type"] else { return nil }
        return types
    }

    /// A truth value.
    func flag(_ key: String) -> Bool? {
        guard case .bool(let flag) = self["tokenizer.ggml.\(key)"] else { return nil }
        return flag
    }

    /// A text.
    func text(_ key: String) -> String? {
        guard case .string(let text) = self["tokenizer.\(key)"] else { return nil }
        return text
    }
}
