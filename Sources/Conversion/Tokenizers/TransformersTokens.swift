import Formats

/// All tokens of a tokenizer as transformers' fast tokenizers have them: the model's own, and those that were added,
/// which may have taken ids other than their files say.
///
/// If there is no `tokenizer.json` the model's own are those of `vocab.json` or `vocab.txt`, as in what
/// transformers makes of such files.
struct TransformersTokens {
    /// The model's own tokens by id; `nil` for an id that has none.
    private(set) var own: [String?] = []
    /// How many tokens the model has.
    private(set) var ownCount = 0
    /// The tokens that were added, by id; some are the model's own too.
    private(set) var added: [Int: AddedEntry] = [:]
    /// The texts of the tokens that transformers calls special by kind: `bos_token`, `eos_token` and so on.
    private(set) var special: [String] = []
    /// The file that the model's own tokens are from.
    private(set) var path = "tokenizer.json"
    private var ids: [ExactName: Int] = [:]
    private var addedIDs: [ExactName: Int] = [:]
    private var lastAdded: Int?

    /// Reads the tokens.
    /// - Throws: if there is no vocabulary, or it is broken.
    init(_ files: TokenizerDocuments, modelType: String) throws(ConversionError) {
        if let tokenizer = files.tokenizer {
            try readModel(tokenizer)
            for token in try files.addedTokens() { try add(token) }
        } else if let json = try TokenizerDocuments.object("vocab.json", files.files) {
            path = "vocab.json"
            try readObject(json)
        } else if let text = files.files.text("vocab.txt") {
            path = "vocab.txt"
            try readLines(text)
        } else {
            throw .missingFile("tokenizer.json", for: "has the vocabulary")
        }
        try addWhatTransformersAdds(files, modelType)
    }

    /// The token with an id, and whether it was added; `nil` if there is none.
    func token(_ id: Int) -> (text: String, added: AddedEntry?)? {
        if let token = added[id] { return (token.text, token) }
        guard own.indices.contains(id), let text = own[id] else { return nil }
        // An added token of the same text has taken another id.
        return addedIDs[ExactName(text)] == nil ? (text, nil) : nil
    }

    /// The id of a token; `nil` if there is none of that text.
    func id(of text: String) -> Int? {
        let key = ExactName(text)
        return addedIDs[key] ?? ids[key]
    }

    /// The id of a token that was added; `nil` if there is none of that text.
    func addedID(of text: String) -> Int? { addedIDs[ExactName(text)] }

    /// The highest id, and its token's text.
    var highest: (id: Int, text: String) {
        var id = own.count - 1
        while id >= 0, own[id] == nil { id -= 1 }
        let last = max(id, added.keys.max() ?? 0)
        return (max(last, 0), token(last)?.text ?? "")
    }

    /// How many tokens there are, each text once.
    var count: Int { ownCount + addedIDs.keys.count { ids[$0] == nil } }

    // MARK: The model's own

    private mutating func readModel(_ tokenizer: JSON) throws(ConversionError) {
        switch tokenizer["model"]?["vocab"] {
        case .object(let members)?: try read(members.lazy.map { ($0.key, $0.value.integer) }, members.count)
        case .array(let pieces)?:
            try read(
                pieces.enumerated().lazy.map { ($1.array?.first?.string ?? "", $0) }, pieces.count)
        default: throw .broken(path, "it has no \"vocab\" in \"model\"")
        }
    }

    private mutating func readObject(_ json: JSON) throws(ConversionError) {
        let members = json.members ?? []
        try read(members.lazy.map { ($0.key, $0.value.integer) }, members.count)
    }

    /// One token a line; of equal lines the last one counts.
    private mutating func readLines(_ text: String) throws(ConversionError) {
        let lines = TokenizerText.lines(text)
        try read(lines.enumerated().lazy.map { ($1, $0) }, lines.count)
    }

    private mutating func read(
        _ tokens: some Sequence<(String, Int?)>, _ count: Int
    ) throws(ConversionError) {
        guard count <= TokenTable.maximumCount else { throw .broken(path, "it has \(count) tokens") }
        own.reserveCapacity(count)
        ids.reserveCapacity(count)
        for (text, id) in tokens {
            guard let id, id >= 0, id < TokenTable.maximumCount else {
                throw .broken(
                    path, "the token \"\(text.prefix(40))\" has \(id.map { "the id \($0)" } ?? "no id")")
            }
            while own.count <= id { own.append(nil) }
            if let before = ids.updateValue(id, forKey: ExactName(text)) { own[before] = nil }
            own[id] = text
        }
        ownCount = ids.count
        guard ownCount > 0 else { throw .broken(path, "it has no tokens") }
    }

    // MARK: Those that were added

    /// Adds a token, by the rules of the tokenizers library: one that the model has keeps its id, one that is new
    /// gets the next, whatever its file states.
    private mutating func add(_ token: AddedEntry) throws(ConversionError) {
        guard !token.text.isEmpty else { return }
        let key = ExactName(token.text)
        let id: Int
        if let known = addedIDs[key] ?? ids[key] {
            id = known
        } else if let lastAdded, lastAdded >= ownCount {
            id = lastAdded + 1
        } else {
            id = ownCount
        }
        guard id < TokenTable.maximumCount else { throw .broken(path, "it has too many added tokens") }
        addedIDs[key] = id
        added[id] = token.with(id: id)
        lastAdded = max(lastAdded ?? 0, id)
    }

    /// Adds what `tokenizer_config.json` names, and the tokens of the tokenizer's class.
    private mutating func addWhatTransformersAdds(
        _ files: TokenizerDocuments, _ modelType: String
    ) throws(ConversionError) {
        let kinds = try SpecialTokenKinds(files, modelType: modelType)
        special = kinds.texts
        let specialTexts = Set(special.map { ExactName($0) })
        // Both kinds are added at once, and what was added before just so is passed over.
        let before = added
        func isKnown(_ token: AddedEntry) -> Bool {
            guard let id = addedIDs[ExactName(token.text)] else { return false }
            return before[id]?.isSame(as: token) == true
        }
        for token in kinds.decoder {
            var token = token
            token.isSpecial = token.isSpecial || specialTexts.contains(ExactName(token.text))
            if !isKnown(token) { try add(token) }
        }
        for token in kinds.tokens {
            // A token that is only a text does not change one that was added before.
            if !token.hasFlags, addedIDs[ExactName(token.token.text)] != nil { continue }
            var entry = token.token
            entry.isSpecial = true
            if !isKnown(entry) { try add(entry) }
        }
    }
}
