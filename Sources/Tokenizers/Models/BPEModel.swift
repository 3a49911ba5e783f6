import Formats

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
        guard let list = part.json["merges"]?.array else { throw part.broken("'merges' is not an array") }
        merges.reserveCapacity(list.count)
        var rank: UInt32 = 0
        var joined: [UInt8] = []
        for item in list {
            joined.removeAll(keepingCapacity: true)
            let cut: Int
            switch item {
            case .string(let text):
                let bytes = text.utf8.span
                // The first line of a merges.txt is no merge.
                if text.utf8.starts(with: "#version".utf8) { continue }
                guard let space = Self.onlySpace(in: bytes) else {
                    throw part.broken("merge \(rank) is not two tokens")
                }
                cut = space
                for index in bytes.indices where index != space { joined.append(bytes[index]) }
            case .array(let pair):
                guard pair.count == 2, let left = pair[0].string, let right = pair[1].string else {
                    throw part.broken("merge \(rank) is not two tokens")
                }
                joined += left.utf8
                cut = joined.count
                joined += right.utf8
            default: throw part.broken("merge \(rank) is not two tokens")
            }
            let left = vocabulary.id(of: joined.span.extracting(..<cut))
            let right = vocabulary.id(of: joined.span.extracting(cut...))
            guard cut + prefix.count <= joined.count else {
                throw part.broken("merge \(rank) lacks the prefix")
            }
            joined.removeSubrange(cut..<cut + prefix.count)
            guard let left, let right, let id = vocabulary.id(of: joined.span) else {
                throw part.broken("merge \(rank) names a token that the vocabulary lacks")
            }
            merges[Pair(left: left, right: right)] = (rank, id)
            rank += 1
        }
    }

    /// The place of the one space, or `nil`.
    private static func onlySpace(in bytes: Span<UInt8>) -> Int? {
        var place: Int?
        for index in bytes.indices where bytes[index] == 0x20 {
            if place != nil { return nil }
            place = index
        }
        return place
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
                    .tokenizerBroken,
                    "tokenizer.json is broken: the vocabulary lacks the unknown token '\(unknown)'")
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
            if next[place] < end, let merge = merges[Pair(left: symbols[place], right: symbols[next[place]])]
            {
                queue.push(MergeQueue.Item(rank: merge.rank, place: place, id: merge.id))
            }
        }
        var kept: [UInt32] = []
        for place in 0..<end where isAlive[place] { kept.append(symbols[place]) }
        symbols = kept
    }
}
