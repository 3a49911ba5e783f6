import Formats
import Tensors

/// What GGUF states of a tokenizer beside its tokens: the ids of special ones, which of them are put around a text,
/// the templates of a conversation and how text is normalized, as gguf-py's `vocab.py` finds them (`SpecialVocab`).
struct SpecialTokens {
    /// Ids by kind, in the order in which they were found.
    private(set) var ids: [(kind: String, id: Int)] = []
    /// Whether a kind is put around a text, in the order in which it was found.
    private(set) var additions: [(kind: String, isAdded: Bool)] = []
    /// Pairs of tokens that make one, written as one text a pair; they are written first.
    var merges: [String] = []
    /// The templates of a conversation.
    var chatTemplate: ChatTemplate?
    private var lowercases: Bool?
    private var stripsAccents: Bool?
    private let limit: Int?
    private var kinds = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]

    /// Finds everything.
    /// - Parameters:
    ///   - limit: the number of tokens: what has an id past them is left out; `nil` for no limit.
    ///   - without: kinds that are left out.
    init(_ files: TokenizerDocuments, limit: Int? = nil, without: [String] = []) throws(ConversionError) {
        self.limit = limit
        kinds.removeAll { without.contains($0) }
        var settings = files.settings ?? [:]
        if let tokenizer = files.tokenizer {
            readNormalizer(tokenizer["normalizer"])
            settings = readPostProcessor(tokenizer["post_processor"], settings)
        }
        // An empty file counts as none.
        if !settings.isEmpty {
            chatTemplate = try ChatTemplate(settings, files.files)
            try readSettings(settings, try files.addedTokens())
        }
        let config = try TokenizerDocuments.object("config.json", files.files)
        for kind in kinds {
            let key = "\(kind)_token_id"
            var value = config?[key]
            if value == nil || value == .null { value = config?["text_config"]?[key] }
            // For Python `true` is a whole number.
            if let id = value?.integer ?? value?.bool.map({ $0 ? 1 : 0 }) { try set(kind, id) }
        }
    }

    /// Sets the id of a kind that has none yet, where it is one of the tokens.
    /// - Throws: where it is below 0.
    mutating func set(_ kind: String, _ id: Int) throws(ConversionError) {
        guard id >= 0, id <= Int(UInt32.max) else {
            throw ConversionError(
                .tokenId, "the \(kind) token has the id \(id), which cannot be right",
                fix: "correct \"\(kind)_token_id\" in config.json")
        }
        if let limit, id >= limit { return }
        if !ids.contains(where: { $0.kind == kind }) { ids.append((kind, id)) }
    }

    /// Sets the id of a kind, whether it has one or not.
    mutating func replace(_ kind: String, _ id: Int) {
        if let place = ids.firstIndex(where: { $0.kind == kind }) {
            ids[place].id = id
        } else {
            ids.append((kind, id))
        }
    }

    // MARK: Where it is found

    private mutating func readNormalizer(_ normalizer: JSON?) {
        switch normalizer?["type"]?.string {
        case "Lowercase": lowercases = true
        case "StripAccents": stripsAccents = true
        case "BertNormalizer":
            if let value = normalizer?["lowercase"] { lowercases = value.bool }
            if let value = normalizer?["strip_accents"] { stripsAccents = value.bool }
        case "Sequence": normalizer?["normalizers"]?.array?.forEach { readNormalizer($0) }
        default: break
        }
    }

    /// Sees which tokens are put around a text.
    /// - Returns: the settings, with what the post-processor states better than they do.
    private mutating func readPostProcessor(_ json: JSON?, _ settings: [ExactName: JSON]) -> [ExactName: JSON]
    {
        var around = PostProcessorTokens(settings)
        if let json, json.isTruthy {
            for step in json["processors"]?.array ?? [json] { around.read(step) }
        }
        additions = around.additions
        kinds += around.moreKinds
        return around.settings
    }

    private mutating func readSettings(
        _ settings: [ExactName: JSON], _ added: [AddedEntry]
    ) throws(ConversionError) {
        for kind in kinds {
            if let isAdded = settings["add_\(kind)_token"]?.bool,
                !additions.contains(where: { $0.kind == kind })
            {
                additions.append((kind, isAdded))
            }
            guard let entry = settings["\(kind)_token"],
                let text = entry.string ?? (entry.members == nil ? nil : entry["content"]?.string),
                let token = added.first(where: { $0.text.hasSameBytes(as: text) })
            else { continue }
            try set(kind, token.id)
        }
    }

    // MARK: How it is written

    /// GGUF's names for the ids; a kind that is not here has none.
    private static let keys = [
        "bos": "bos", "eos": "eos", "unk": "unknown", "sep": "seperator", "pad": "padding", "mask": "mask",
        "eot": "eot", "eom": "eom",
    ]

    /// Adds everything.
    func add(to metadata: inout ModelMetadata) {
        if !merges.isEmpty { metadata["tokenizer.ggml.merges"] = .strings(merges) }
        for (kind, id) in ids {
            guard let key = Self.keys[kind] else { continue }
            metadata["tokenizer.ggml.\(key)_token_id"] = .uint32(UInt32(truncatingIfNeeded: id))
        }
        for (kind, isAdded) in additions where ["bos", "eos", "sep"].contains(kind) {
            metadata["tokenizer.ggml.add_\(kind)_token"] = .bool(isAdded)
        }
        chatTemplate?.add(to: &metadata)
        if let lowercases { metadata["tokenizer.ggml.normalizer.lowercase"] = .bool(lowercases) }
        if let stripsAccents { metadata["tokenizer.ggml.normalizer.strip_accents"] = .bool(stripsAccents) }
    }
}
