import Formats

/// The added tokens of a tokenizer and how they are found in a text.
struct AddedVocabulary: Sendable {
    /// What to look for; of two of one length at one place the first counts.
    private struct Finder: Sendable {
        var tokens: [(scalars: [Unicode.Scalar], id: Int)] = []
        /// The places in `tokens` by their first scalar, the longest first.
        var byFirst: [Unicode.Scalar: [Int]] = [:]

        mutating func add(_ scalars: [Unicode.Scalar], _ id: Int) {
            guard !scalars.isEmpty else { return }
            tokens.append((scalars, id))
        }

        mutating func index() {
            for (place, token) in tokens.enumerated() { byFirst[token.scalars[0], default: []].append(place) }
            for (first, places) in byFirst {
                byFirst[first] = places.sorted {
                    let (left, right) = (tokens[$0].scalars.count, tokens[$1].scalars.count)
                    return left != right ? left > right : $0 < $1
                }
            }
        }
    }

    private var ids: ByteTable
    private var byID: [Int: AddedTokenRule] = [:]
    private var inText = Finder()
    private var inNormalized = Finder()

    /// Gives the tokens their ids as the reference does: the model's, if it knows the token, or else the next one free.
    init(
        _ tokens: [AddedTokenRule], model: any TokenModel, normalizer: (any TextNormalizer)?
    ) throws(ConversionError) {
        ids = ByteTable(capacity: tokens.count)
        var specials: [AddedTokenRule] = []
        var others: [AddedTokenRule] = []
        var isSpecial = ByteTable(capacity: tokens.count)
        var highest: Int?
        for token in tokens
        where token.isSpecial && !token.content.isEmpty && isSpecial.find(token.content) == nil {
            specials.append(token)
            isSpecial.insert(Array(token.content.utf8).span, 1)
        }
        for token in tokens where !token.content.isEmpty {
            let bytes = Array(token.content.utf8)
            let known = ids.find(bytes.span).map { Int($0) }
            if let known, byID[known] == token { continue }
            let id: Int
            if let known = known ?? model.id(of: bytes.span) {
                id = known
            } else if let highest, highest >= model.vocabularySize || model.vocabularySize == 0 {
                id = highest + 1
            } else {
                id = model.vocabularySize
            }
            guard let value = UInt32(exactly: id) else {
                throw ConversionError(
                    .tokenizerBroken, "tokenizer.json is broken: a token's id is too large")
            }
            ids.insert(bytes.span, value)
            highest = max(highest ?? 0, id)
            byID[id] = token
            if isSpecial.find(bytes.span) == nil { others.append(token) }
        }
        for token in specials + others {
            guard let id = ids.find(token.content) else { continue }
            var piece = TextPiece(Array(token.content.unicodeScalars), leading: 0)
            if token.isNormalized {
                try normalizer?.normalize(&piece)
                inNormalized.add(piece.scalars, Int(id))
            } else {
                inText.add(piece.scalars, Int(id))
            }
        }
        inText.index()
        inNormalized.index()
    }

    /// The id of an added token, or `nil`.
    func id(of bytes: Span<UInt8>) -> Int? { ids.find(bytes).map { Int($0) } }

    /// The added token of an id, or `nil`.
    func token(of id: Int) -> AddedTokenRule? { byID[id] }

    /// Takes the tokens out of a text; what is between them is normalized.
    func extract(
        _ text: [Unicode.Scalar], normalizer: (any TextNormalizer)?
    ) throws(ConversionError) -> [TextPiece] {
        var result: [TextPiece] = []
        for piece in split(TextPiece(text, leading: text.isEmpty ? 0 : 1), inText) {
            guard piece.token == nil else {
                result.append(piece)
                continue
            }
            var normalized = piece
            try normalizer?.normalize(&normalized)
            result += split(normalized, inNormalized)
        }
        return result
    }

    private func split(_ piece: TextPiece, _ finder: Finder) -> [TextPiece] {
        if finder.tokens.isEmpty { return piece.scalars.isEmpty ? [] : [piece] }
        let text = piece.scalars
        var result: [TextPiece] = []
        var last = 0
        var index = 0
        while index < text.count {
            guard let found = match(text, at: index, finder) else {
                index += 1
                continue
            }
            var (start, end) = (index, index + finder.tokens[found].scalars.count)
            index = end
            let id = finder.tokens[found].id
            guard let token = byID[id] else { continue }
            if token.isSingleWord {
                let touchesLeft = start > 0 && Self.isWord(text[start - 1])
                let touchesRight = end < text.count && Self.isWord(text[end])
                if touchesLeft || touchesRight { continue }
            }
            if token.stripsLeft { while start > last, text[start - 1].properties.isWhitespace { start -= 1 } }
            if token.stripsRight { while end < text.count, text[end].properties.isWhitespace { end += 1 } }
            if last < start { result.append(piece.slice(last..<start)) }
            result.append(TextPiece([], leading: 0, token: id))
            // Where the token before took white space that belongs to this one, its end is behind this one's.
            last = end
        }
        if last < text.count { result.append(piece.slice(last..<text.count)) }
        return result
    }

    private func match(_ text: [Unicode.Scalar], at index: Int, _ finder: Finder) -> Int? {
        guard let places = finder.byFirst[text[index]] else { return nil }
        return places.first { place in
            let wanted = finder.tokens[place].scalars
            guard wanted.count <= text.count - index else { return false }
            return text[index..<index + wanted.count].elementsEqual(wanted)
        }
    }

    /// Whether `\w` of the Rust package `regex` takes it.
    static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isWord || scalar.properties.isJoinControl
    }
}
