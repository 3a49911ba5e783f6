import Formats

/// What puts special tokens around those of a text.
indirect enum PostProcessor: Sendable {
    /// Changes no token.
    case none
    /// Special tokens, then the text's, then special tokens.
    case around(before: [Int], after: [Int])
    /// The parts of a template; `nil` is the place of the text.
    case template([[Int]?])
    /// One after the other.
    case sequence([PostProcessor])

    /// Reads the post-processor of a `tokenizer.json`.
    init(_ part: TokenizerPart) throws(ConversionError) {
        let type = try part.type()
        switch type {
        case "ByteLevel": self = .none
        case "BertProcessing", "RobertaProcessing":
            self = .around(before: [try Self.token(part, "cls")], after: [try Self.token(part, "sep")])
        case "TemplateProcessing": self = .template(try Self.template(part))
        case "Sequence":
            var steps: [PostProcessor] = []
            for step in try part.parts("processors") { steps.append(try PostProcessor(step)) }
            self = .sequence(steps)
        default: throw part.unknown(type)
        }
    }

    /// The id of `["[CLS]", 101]`.
    private static func token(_ part: TokenizerPart, _ key: String) throws(ConversionError) -> Int {
        guard let pair = part.json[key]?.array, pair.count == 2, let id = pair[1].integer else {
            throw part.broken("'\(key)' is not a token and its id")
        }
        return id
    }

    private static func template(_ part: TokenizerPart) throws(ConversionError) -> [[Int]?] {
        var result: [[Int]?] = []
        for piece in try part.parts("single") {
            if piece.json["Sequence"] != nil {
                // There is no second text.
                guard piece.json["Sequence"]?["id"]?.string == "A" else {
                    throw piece.broken("a text other than the first is asked for")
                }
                result.append(nil)
                continue
            }
            guard let name = piece.json["SpecialToken"]?["id"]?.string else {
                throw piece.broken("there is neither a Sequence nor a SpecialToken")
            }
            guard let listed = part.json["special_tokens"]?[name]?["ids"]?.array else {
                throw piece.broken("the token '\(name)' is not among 'special_tokens'")
            }
            let ids = listed.compactMap { $0.integer }
            guard ids.count == listed.count else { throw part.broken("an id is not a whole number") }
            result.append(ids)
        }
        return result
    }

    /// The tokens with what belongs around them.
    func process(_ ids: [Int]) -> [Int] {
        switch self {
        case .none: ids
        case .around(let before, let after): before + ids + after
        case .template(let parts): parts.flatMap { $0 ?? ids }
        case .sequence(let steps): steps.reduce(ids) { $1.process($0) }
        }
    }
}
