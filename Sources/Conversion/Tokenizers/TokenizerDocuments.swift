package import Formats

/// The JSON files that say what a tokenizer is, each parsed once.
package struct TokenizerDocuments: Sendable {
    /// `tokenizer.json`; `nil` if there is none.
    package let tokenizer: JSON?
    /// The members of `tokenizer_config.json`; `nil` if there is none.
    package let settings: [ExactName: JSON]?
    /// All files.
    package let files: ModelDocuments

    /// Reads them.
    /// - Throws: where one is broken or is no object.
    package init(_ files: ModelDocuments) throws(ConversionError) {
        self.files = files
        tokenizer = try Self.object("tokenizer.json", files)
        settings = try Self.object("tokenizer_config.json", files)?.dictionary
    }

    /// A JSON file that has to be an object, if there is one.
    package static func object(_ path: RelativePath, _ files: ModelDocuments) throws(ConversionError) -> JSON?
    {
        guard let json = try files.json(path) else { return nil }
        guard json.members != nil else { throw .broken(path.text, "it is not an object") }
        return json
    }

    /// The class in `tokenizer_config.json`.
    var tokenizerClass: String? { settings?["tokenizer_class"]?.string }

    /// `added_tokens` of `tokenizer.json`: tokens beside those of the model.
    func addedTokens() throws(ConversionError) -> [AddedEntry] {
        guard let list = tokenizer?["added_tokens"], list != .null else { return [] }
        guard let list = list.array else { throw .broken("tokenizer.json", "\"added_tokens\" is not a list") }
        var tokens: [AddedEntry] = []
        for entry in list {
            guard let token = AddedEntry(entry), let id = entry["id"]?.integer else {
                throw .broken("tokenizer.json", "one of \"added_tokens\" has no \"id\" or no \"content\"")
            }
            tokens.append(token.with(id: id))
        }
        return tokens
    }

    /// `added_tokens_decoder` of `tokenizer_config.json`, in the file's order.
    func addedTokensDecoder() throws(ConversionError) -> [AddedEntry] {
        guard let entries = settings?["added_tokens_decoder"], entries != .null else { return [] }
        guard let entries = entries.members else {
            throw .broken("tokenizer_config.json", "\"added_tokens_decoder\" is not an object")
        }
        var tokens: [AddedEntry] = []
        for entry in entries {
            guard let id = Int(entry.key), id >= 0, let token = AddedEntry(entry.value) else {
                throw .broken(
                    "tokenizer_config.json",
                    "\"added_tokens_decoder\" has no id and token in \"\(entry.key.prefix(40))\"")
            }
            tokens.append(token.with(id: id))
        }
        return tokens
    }

    /// `added_tokens.json`: ids by text, in the file's order.
    func addedTokensFile() throws(ConversionError) -> [AddedEntry] {
        guard let entries = try Self.object("added_tokens.json", files)?.members else { return [] }
        var tokens: [AddedEntry] = []
        for entry in entries {
            guard let id = entry.value.integer, id >= 0 else {
                throw .broken("added_tokens.json", "\"\(entry.key.prefix(40))\" has no id")
            }
            tokens.append(AddedEntry(entry.key, id: id))
        }
        return tokens
    }
}

/// A token that was added to a tokenizer's model.
struct AddedEntry: Sendable {
    /// The text.
    var text: String
    /// The id that its file states; the tokenizer may give it another.
    var id: Int
    /// Whether it states something of the text.
    var isSpecial: Bool
    /// Whether it is looked for in text that was normalized.
    var isNormalized: Bool
    /// What else states where it is found: `single_word`, `lstrip` and `rstrip`.
    private var bounds: [Bool] = [false, false, false]

    /// A token of a text, which is looked for in normalized text unless it is special or something else is
    /// stated.
    init(_ text: String, id: Int = 0, isSpecial: Bool = false, isNormalized: Bool? = nil) {
        self.text = text
        self.id = id
        self.isSpecial = isSpecial
        self.isNormalized = isNormalized ?? !isSpecial
    }

    /// Reads an object with `content` and flags; `nil` if there is no such text.
    init?(_ json: JSON) {
        guard let text = json["content"]?.string else { return nil }
        self.init(
            text, isSpecial: json["special"]?.isTruthy ?? false, isNormalized: json["normalized"]?.isTruthy)
        bounds = ["single_word", "lstrip", "rstrip"].map { json[$0]?.isTruthy ?? false }
    }

    /// Whether all but the id is the same.
    func isSame(as other: AddedEntry) -> Bool {
        text.hasSameBytes(as: other.text) && isSpecial == other.isSpecial
            && isNormalized == other.isNormalized && bounds == other.bounds
    }

    /// The same with an id.
    func with(id: Int) -> AddedEntry {
        var token = self
        token.id = id
        return token
    }
}

extension ConversionError {
    /// A file of the tokenizer that is not what it should be.
    package static func broken(_ path: String, _ reason: String) -> ConversionError {
        ConversionError(
            .tokenizerBroken, "\(path) is broken: \(reason)", fix: "mend it, or download it again")
    }

    /// A file that a tokenizer of this kind needs.
    static func missingFile(_ paths: String, for purpose: String) -> ConversionError {
        ConversionError(
            .tokenizerMissing, "there is no \(paths), which \(purpose)",
            fix: "check that all files of the model are there, those of its tokenizer too")
    }

    /// A chat template that a model is published without, and the reference takes from elsewhere.
    /// - Parameters:
    ///   - file: the template's name among those of llama.cpp, which are not a part of this program.
    ///   - notes: what else there has to be.
    static func noChatTemplate(_ file: String, notes: [String] = []) -> ConversionError {
        ConversionError(
            .tokenizerMissing,
            "the model has no chat template, and those of its kind are published without one",
            notes: notes,
            fix: "copy \(file) (llama.cpp, models/templates) as chat_template.jinja into a directory with "
                + "the model's files (hf download MODEL --local-dir DIR), which a manifest names as \"path:DIR\""
        )
    }
}
