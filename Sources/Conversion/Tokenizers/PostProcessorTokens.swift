import Formats

/// Which special tokens a post-processor puts around a text, from what `tokenizer.json` states of it. What it takes
/// for the first and last token is what the settings say, or becomes what they say.
struct PostProcessorTokens {
    /// Whether a kind is put around a text, in the order in which it was found.
    private(set) var additions: [(kind: String, isAdded: Bool)] = []
    /// The settings, with tokens that only the post-processor has.
    private(set) var settings: [ExactName: JSON]
    /// Kinds of tokens that the settings got beside the usual ones.
    private(set) var moreKinds: [String] = []
    private let hasSettings: Bool
    private var bos, cls, eos, sep: JSON?

    /// - Parameter settings: the members of `tokenizer_config.json`.
    init(_ settings: [ExactName: JSON]) {
        self.settings = settings
        hasSettings = !settings.isEmpty
        // A `nil` beside a JSON value would be `null`, which is a value.
        func token(_ name: String) -> JSON? { [settings[name]].compactMap { $0 }.first { $0.isTruthy } }
        (bos, cls, eos, sep) = (
            token("bos_token"), token("cls_token"), token("eos_token"), token("sep_token")
        )
        if bos == nil, cls != nil { set(\.bos, cls, "bos_token") }
        if eos == nil, sep != nil { set(\.eos, sep, "eos_token") }
    }

    /// Takes one processor into account.
    mutating func read(_ processor: JSON) {
        switch processor["type"]?.string {
        case "ByteLevel":
            for kind in ["bos", "eos"] where !additions.contains(where: { $0.kind == kind }) {
                add(kind, false)
            }
        case "RobertaProcessing":
            for kind in ["bos", "eos", "sep"] { add(kind, true) }
            if hasSettings, cls == nil {
                set(\.cls, processor["cls"]?.array?.first ?? bos, "cls_token")
            }
            if hasSettings, sep == nil {
                set(\.sep, processor["sep"]?.array?.first ?? eos, "sep_token")
            }
        case "TemplateProcessing": readTemplate(processor)
        default: break
        }
    }

    private mutating func set(_ field: WritableKeyPath<Self, JSON?>, _ value: JSON?, _ key: String) {
        self[keyPath: field] = value
        settings[key] = value
    }

    private mutating func add(_ kind: String, _ isAdded: Bool) {
        if let place = additions.firstIndex(where: { $0.kind == kind }) {
            additions[place].isAdded = isAdded
        } else {
            additions.append((kind, isAdded))
        }
    }

    // MARK: Templates

    private mutating func readTemplate(_ processor: JSON) {
        let single = processor["single"]?.array ?? []
        var first: String?
        var last: String?
        if single.count > 1 {
            first = Self.special(single.first)
            last = Self.special(single.last)
            if let first { readFirst(first) }
            if let last { readLast(last) }
        }
        if let pair = processor["pair"]?.array, !pair.isEmpty { readPair(pair, first: first, last: last) }
    }

    private mutating func readFirst(_ first: String) {
        if !hasSettings {
            bos = .string(first)
        } else if !isOne(first, of: bos, cls) {
            if bos == nil { set(\.bos, .string(first), "bos_token") }
            if cls == nil { set(\.cls, .string(first), "cls_token") }
        }
        add("bos", isOne(first, of: bos, cls))
    }

    private mutating func readLast(_ last: String) {
        if !hasSettings {
            eos = .string(last)
        } else if !isOne(last, of: eos, nil) {
            // The other end of text is that of a turn, or else of a message.
            if let kind = ["eot", "eom"].first(where: { !moreKinds.contains($0) }) {
                moreKinds.append(kind)
                settings["\(kind)_token"] = eos ?? .null
            }
            set(\.eos, .string(last), "eos_token")
        }
        add("eos", isOne(last, of: eos, nil))
    }

    /// Sees whether something stands between two texts.
    private mutating func readPair(_ pair: [JSON], first: String?, last: String?) {
        var inner = pair[...]
        if let first, Self.special(pair.first).map({ ExactName($0) }) == ExactName(first) {
            inner = inner.dropFirst()
        }
        if let last, Self.special(pair.last).map({ ExactName($0) }) == ExactName(last) {
            inner = inner.dropLast()
        }
        guard inner.first?["Sequence"]?["id"]?.isText("A") == true,
            inner.last?["Sequence"]?["id"]?.isText("B") == true, inner.count > 2
        else { return }
        let between = Array(inner.dropFirst().dropLast())
        var addsSep = false
        if let token = Self.special(between.first), isOne(token, of: sep, eos), last == nil { addsSep = true }
        if between.count == 2, let token = Self.special(between.last), isOne(token, of: sep, eos) {
            addsSep = true
        }
        add("sep", addsSep)
        if addsSep, sep == nil, hasSettings { settings["sep_token"] = eos }
    }

    /// The token of a part of a template; `nil` where the part is a text.
    private static func special(_ part: JSON?) -> String? {
        part?["SpecialToken"]?["id"]?.string.flatMap { $0.isEmpty ? nil : $0 }
    }

    private func isOne(_ text: String, of one: JSON?, _ other: JSON?) -> Bool {
        one?.isText(text) == true || other?.isText(text) == true
    }
}
