import Formats

/// The pieces of a text whose scores have the largest sum.
struct UnigramModel: TokenModel {
    private let vocabulary: TokenIDs
    private let scores: [Double]
    private let unknown: Int?
    private let fallsBackToBytes: Bool
    private let unknownScore: Double
    private let longestToken: Int

    /// Reads the model of a `tokenizer.json`.
    init(_ part: TokenizerPart) throws(ConversionError) {
        guard let list = part.json["vocab"]?.array else { throw part.broken("'vocab' is not an array") }
        var table = ByteTable(capacity: list.count)
        var scores: [Double] = []
        var longest = 0
        for (id, item) in list.enumerated() {
            guard let pair = item.array, pair.count == 2, let token = pair[0].string,
                let score = pair[1].double,
                let number = UInt32(exactly: id)
            else { throw part.broken("token \(id) is not a string and its score") }
            let bytes = Array(token.utf8)
            table.insert(bytes.span, number)
            longest = max(longest, bytes.count)
            scores.append(score)
        }
        vocabulary = TokenIDs(table)
        self.scores = scores
        longestToken = longest
        // A penalty below the least score, as sentencepiece has it.
        unknownScore = (scores.min() ?? .infinity) - 10
        fallsBackToBytes = try part.bool("byte_fallback", default: false)
        unknown = part["unk_id"] == nil ? nil : try part.integer("unk_id")
        if let unknown, unknown >= scores.count { throw part.broken("'unk_id' is past the vocabulary") }
    }

    var vocabularySize: Int { scores.count }

    func id(of token: Span<UInt8>) -> Int? { vocabulary.id(of: token).map { Int($0) } }

    func token(of id: Int) -> [UInt8]? { vocabulary.token(of: id) }

    func encode(_ word: [Unicode.Scalar]) throws(ConversionError) -> [Int] {
        let text = WordBytes(word)
        var ids: [Int] = []
        for range in try pieces(text) {
            if let id = vocabulary.id(of: text.bytes.span.extracting(range)) {
                ids.append(Int(id))
                continue
            }
            if fallsBackToBytes {
                let bytes = text.bytes[range].compactMap { vocabulary.id(of: Self.name($0)) }
                if bytes.count == range.count {
                    ids += bytes.map { Int($0) }
                    continue
                }
            }
            ids.append(try unknownID())
        }
        return ids
    }

    private static func name(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "<0x0\(digits)>" : "<0x\(digits)>"
    }

    private func unknownID() throws(ConversionError) -> Int {
        guard let unknown else {
            throw ConversionError(
                .tokenizerBroken,
                "tokenizer.json names no unknown token, and the text has a piece that is not a token")
        }
        return unknown
    }

    /// The best way to one place of the text.
    private struct Way {
        var start: Int?
        var score = 0.0
        var id = 0

        /// Takes another way, if it is better.
        mutating func take(_ other: Int, _ otherScore: Double, _ otherID: Int) {
            guard start == nil || otherScore > score else { return }
            (start, score, id) = (other, otherScore, otherID)
        }
    }

    /// The ranges of the best pieces; unknown ones in a row are one.
    private func pieces(_ text: WordBytes) throws(ConversionError) -> [Range<Int>] {
        let places = text.starts
        var ways = [Way](repeating: Way(), count: places.count)
        for start in 0..<places.count - 1 {
            let score = ways[start].score
            var isSingleKnown = false
            for end in start + 1..<places.count where places[end] - places[start] <= longestToken {
                let bytes = text.bytes.span.extracting(places[start]..<places[end])
                guard let id = vocabulary.id(of: bytes) else { continue }
                ways[end].take(start, score + scores[Int(id)], Int(id))
                if end == start + 1 { isSingleKnown = true }
            }
            if !isSingleKnown { ways[start + 1].take(start, score + unknownScore, try unknownID()) }
        }
        var result: [Range<Int>] = []
        var end = places.count - 1
        var joins = false
        while end > 0 {
            guard let start = ways[end].start else { break }
            let isUnknown = ways[end].id == unknown
            if isUnknown, joins, let last = result.popLast() {
                result.append(places[start]..<last.upperBound)
            } else {
                result.append(places[start]..<places[end])
            }
            joins = isUnknown
            end = start
        }
        return result.reversed()
    }
}
