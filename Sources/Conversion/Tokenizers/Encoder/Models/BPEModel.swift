import Tensors

/// Byte pair encoding: begins with single characters and joins neighbours in the order of the merges.
struct BPEModel: TokenModel {
    private struct Pair: Hashable {
        let left: UInt32
        let right: UInt32
    }

    private let vocabulary: TokenIDs
    private var merges: [Pair: (rank: UInt32, id: UInt32)] = [:]
    private let unknown: String?
    private let fusesUnknown: Bool
    private let fallsBackToBytes: Bool
    private let ignoresMerges: Bool
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    private let byteIDs: [UInt32?]

    /// Reads the model of a `tokenizer.json`.
    init(_ part: TokenizerPart) throws(ConversionError) {
        vocabulary = try TokenIDs(part)
        unknown = try part.optionalString("unk_token")
        fusesUnknown = try part.bool("fuse_unk", default: false)
        fallsBackToBytes = try part.bool("byte_fallback", default: false)
        ignoresMerges = try part.bool("ignore_merges", default: false)
        prefix = Array((try part.optionalString("continuing_subword_prefix") ?? "").utf8)
        suffix = Array((try part.optionalString("end_of_word_suffix") ?? "").utf8)
        byteIDs = Self.byteIDs(vocabulary)
        if let dropout = part["dropout"], dropout.json != .integer(0), dropout.json != .number(0) {
            throw part.broken("'dropout' is set, which makes tokens by chance")
        }
        try read(part)
    }

    private static func byteIDs(_ vocabulary: TokenIDs) -> [UInt32?] {
        (0..<256).map { (byte: Int) in
            let digits = String(byte, radix: 16, uppercase: true)
            return vocabulary.id(of: "<0x\(byte < 16 ? "0" : "")\(digits)>")
        }
    }

    private mutating func read(_ part: TokenizerPart) throws(ConversionError) {
        guard let list = part.json["merges"]?.array else { throw part.broken("'merges' is no array") }
        merges.reserveCapacity(list.count)
        var rank: UInt32 = 0
        for item in list {
            guard let (joined, cut) = Self.pair(item) else {
                throw part.broken("merge \(rank) is not two tokens")
            }
            // The first line of a merges.txt is no merge.
            guard let cut else { continue }
            let skipped = cut + prefix.count
            guard skipped <= joined.count else { throw part.broken("merge \(rank) lacks the prefix") }
            let token = prefix.isEmpty ? joined : Array(joined[..<cut] + joined[skipped...])
            guard let left = vocabulary.id(of: joined.span.extracting(..<cut)),
                let right = vocabulary.id(of: joined.span.extracting(cut...)),
                let id = vocabulary.id(of: token.span)
            else { throw part.broken("merge \(rank) names a token that the vocabulary lacks") }
            merges[Pair(left: left, right: right)] = (rank, id)
            rank += 1
        }
    }

    /// A merge, as `"a b"` or `["a", "b"]`: both tokens in one, and where the second begins; no such place for a line
    /// that is no merge.
    private static func pair(_ item: JSON) -> (joined: [UInt8], cut: Int?)? {
        switch item {
        case .string(let text):
            var bytes = Array(text.utf8)
            if bytes.starts(with: "#version".utf8) { return (bytes, nil) }
            guard let space = bytes.firstIndex(of: 0x20), bytes.lastIndex(of: 0x20) == space else { return nil }
            bytes.remove(at: space)
            return (bytes, space)
        case .array(let pair):
            guard pair.count == 2, let left = pair[0].string, let right = pair[1].string else { return nil }
            let bytes = Array(left.utf8)
            return (bytes + Array(right.utf8), bytes.count)
        default: return nil
        }
    }

    var vocabularySize: Int { vocabulary.count }

    func id(of token: Span<UInt8>) -> Int? { vocabulary.id(of: token).map { Int($0) } }

    func token(of id: Int) -> [UInt8]? { vocabulary.token(of: id) }

    func encode(_ word: [Unicode.Scalar]) throws(ConversionError) -> [Int] {
        let text = WordBytes(word)
        if ignoresMerges, let id = vocabulary.id(of: text.bytes.span) { return [Int(id)] }
        var symbols = try characters(text)
        merge(&symbols)
        return symbols.map { Int($0) }
    }

    /// The ids of the single characters.
    private func characters(_ text: WordBytes) throws(ConversionError) -> [UInt32] {
        var symbols: [UInt32] = []
        // An unknown character waits for more of them, if they are made one. Bytes do not make it come out: so the
        // reference has it.
        var waiting: UInt32?
        let last = text.starts.count - 2
        for index in 0..<text.starts.count - 1 {
            let range = text.starts[index]..<text.starts[index + 1]
            let isPlain = (index == 0 || prefix.isEmpty) && (index < last || suffix.isEmpty)
            let changed =
                isPlain ? [] : (index > 0 ? prefix : []) + text.bytes[range] + (index == last ? suffix : [])
            let known =
                isPlain
                ? vocabulary.id(of: text.bytes.span.extracting(range)) : vocabulary.id(of: changed.span)
            if let known {
                if let id = waiting { symbols.append(id) }
                waiting = nil
                symbols.append(known)
                continue
            }
            if fallsBackToBytes {
                let bytes = isPlain ? text.bytes[range] : changed[...]
                let ids = bytes.compactMap { byteIDs[Int($0)] }
                if ids.count == bytes.count {
                    symbols += ids
                    continue
                }
            }
            guard let unknown else { continue }
            if waiting != nil, fusesUnknown { continue }
            if let id = waiting { symbols.append(id) }
            guard let id = vocabulary.id(of: unknown) else {
                throw ConversionError(
                    "tokenizer-broken", "tokenizer.json is broken: the vocabulary lacks the unknown token '\(unknown)'")
            }
            waiting = id
        }
        if let id = waiting { symbols.append(id) }
        return symbols
    }

    /// Joins neighbours, the merge of the lowest rank first, the leftmost of equal ones.
    private func merge(_ symbols: inout [UInt32]) {
        guard symbols.count > 1 else { return }
        var next = Array(1...symbols.count)
        var previous = Array(-1..<symbols.count - 1)
        var isAlive = [Bool](repeating: true, count: symbols.count)
        var queue = MergeQueue()
        let end = symbols.count
        for place in 0..<end - 1 {
            if let merge = merges[Pair(left: symbols[place], right: symbols[place + 1])] {
                queue.push(MergeQueue.Item(rank: merge.rank, place: place, id: merge.id))
            }
        }
        while let item = queue.pop() {
            let place = item.place
            guard isAlive[place], next[place] < end else { continue }
            let right = next[place]
            // The neighbours may have changed since the merge was found.
            guard let merge = merges[Pair(left: symbols[place], right: symbols[right])], merge.id == item.id
            else { continue }
            symbols[place] = item.id
            isAlive[right] = false
            next[place] = next[right]
            if next[place] < end { previous[next[place]] = place }
            if previous[place] >= 0 {
                let before = previous[place]
                if let merge = merges[Pair(left: symbols[before], right: symbols[place])] {
                    queue.push(MergeQueue.Item(rank: merge.rank, place: before, id: merge.id))
                }
            }
            if next[place] < end, let merge = merges[Pair(left: symbols[place], right: symbols[next[place]])] {
                queue.push(MergeQueue.Item(rank: merge.rank, place: place, id: merge.id))
            }
        }
        var kept: [UInt32] = []
        for place in 0..<end where isAlive[place] { kept.append(symbols[place]) }
        symbols = kept
    }
}
