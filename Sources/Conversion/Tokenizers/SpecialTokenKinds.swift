import Formats

/// The special tokens by kind that transformers finds for a tokenizer when it loads it, in
/// `tokenizer_config.json`, in `special_tokens_map.json` or in the tokenizer's class, and the tokens that it adds.
struct SpecialTokenKinds {
    /// The special tokens, each text once, with whether its flags are known.
    private(set) var tokens: [(token: AddedEntry, hasFlags: Bool)] = []
    /// What is added before them, by id.
    private(set) var decoder: [AddedEntry]

    /// The texts of the special tokens.
    var texts: [String] { tokens.map(\.token.text) }

    /// Reads the files, in the order in which transformers looks at them.
    /// - Parameter modelType: `model_type` of config.json, by which a tokenizer without a class is known.
    /// - Throws: ``ConversionError`` where a file is broken; one that is not there is no error.
    init(_ files: TokenizerDocuments, modelType: String) throws(ConversionError) {
        var values = files.settings ?? [:]
        decoder = try files.addedTokensDecoder()
        if values["added_tokens_decoder"] == nil {
            // As files were before `added_tokens_decoder`.
            for member in try TokenizerDocuments.object("special_tokens_map.json", files.files)?.members ?? []
            {
                values[member.key] = Self.joined(values[member.key], member)
            }
            let special = Self.specials(values, [:])
            decoder = try files.addedTokensFile().map { token in
                let isSpecial = special.contains { $0.token.text.hasSameBytes(as: token.text) }
                return AddedEntry(token.text, id: token.id, isSpecial: isSpecial)
            }
            decoder += try files.addedTokens()
        }
        // Of several tokens with one id the last counts.
        let byID = Dictionary(decoder.map { ($0.id, $0) }) { $1 }
        decoder = byID.values.sorted { $0.id < $1.id }
        let defaults = SpecialTokenDefaults.tokens(ofClass: files.tokenizerClass, modelType: modelType)
        let known = Dictionary(decoder.map { (ExactName($0.text), $0) }) { $1 }
        var seen: Set<ExactName> = []
        for entry in Self.specials(values, defaults) where seen.insert(ExactName(entry.token.text)).inserted {
            if let token = known[ExactName(entry.token.text)], entry.isByKind {
                tokens.append((token, true))
            } else {
                tokens.append((entry.token, entry.hasFlags))
            }
        }
    }

    private typealias Entry = (token: AddedEntry, hasFlags: Bool, isByKind: Bool)

    /// The special tokens of settings, by kind, then those without a kind.
    private static func specials(_ settings: [ExactName: JSON], _ defaults: [ExactName: String]) -> [Entry] {
        var entries: [Entry] = []
        func take(_ value: JSON?, isByKind: Bool) {
            switch value {
            case .string(let text)? where !text.isEmpty:
                entries.append((AddedEntry(text, isSpecial: true), false, isByKind))
            case .object?:
                if let token = value.flatMap(AddedEntry.init), !token.text.isEmpty {
                    entries.append((token, true, isByKind))
                }
            default: break
            }
        }
        for kind in SpecialTokenDefaults.kinds {
            take(settings["\(kind)_token"] ?? defaults[kind].map { .string($0) }, isByKind: true)
        }
        for value in settings["additional_special_tokens"]?.array ?? [] { take(value, isByKind: false) }
        for member in settings["extra_special_tokens"]?.members ?? [] { take(member.value, isByKind: false) }
        return entries
    }

    /// What a member of `special_tokens_map.json` makes of a setting: its value, but lists are joined.
    private static func joined(_ setting: JSON?, _ member: JSON.Member) -> JSON {
        guard member.key == "additional_special_tokens", let more = member.value.array else {
            return member.value
        }
        return .array((setting?.array ?? []) + more)
    }
}
