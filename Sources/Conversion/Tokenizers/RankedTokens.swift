import Tokenizers

/// A BPE as tiktoken has it: tokens of bytes, each with its rank as id, and no merges; those follow from the ranks.
struct RankedTokens {
    /// The tokens by rank.
    let tokens: [[UInt8]]
    private let ranks: [ArraySlice<UInt8>: Int]

    /// Takes tokens by rank.
    /// - Returns: `nil` where one is there twice.
    init?(_ tokens: [[UInt8]]) {
        self.tokens = tokens
        var ranks: [ArraySlice<UInt8>: Int] = [:]
        ranks.reserveCapacity(tokens.count)
        for (rank, token) in tokens.enumerated() {
            if ranks.updateValue(rank, forKey: token[...]) != nil { return nil }
        }
        self.ranks = ranks
    }

    /// The longest token whose parts are looked for; real ones have up to 256 bytes.
    private static let maximumLength = 4096

    /// All pairs of tokens that make another, in the order of what they make and then of the parts' ranks, in the
    /// characters of ``ByteCharacters``, as transformers' `convert_slow_tokenizer.py` finds them.
    /// - Parameter first: the rank from which on tokens have to be made of others.
    /// - Throws: the rank of one that no two make.
    func allMerges(from first: Int) throws(Unmergeable) -> [String] {
        var merges: [String] = []
        for rank in tokens.indices.dropFirst(first) {
            let token = tokens[rank]
            guard token.count <= Self.maximumLength else { throw Unmergeable(rank: rank) }
            var pairs: [(left: Int, right: Int)] = []
            for split in token.indices.dropFirst() {
                if let left = ranks[token[..<split]], let right = ranks[token[split...]] {
                    pairs.append((left, right))
                }
            }
            if pairs.isEmpty { throw Unmergeable(rank: rank) }
            for pair in pairs.sorted(by: { ($0.left, $0.right) < ($1.left, $1.right) }) {
                let (left, right) = (tokens[pair.left], tokens[pair.right])
                merges.append("\(ByteCharacters.text(left)) \(ByteCharacters.text(right))")
            }
        }
        return merges
    }

    /// The parts of which a token is made: its bytes, of which the pair with the lowest rank is joined until that is not
    /// below the token's own. The time grows with the square of its length.
    func parts(of rank: Int) -> [ArraySlice<UInt8>] {
        let token = tokens[rank]
        var starts = Array(0...token.count)
        func pair(_ place: Int) -> Int {
            place + 2 < starts.count ? ranks[token[starts[place]..<starts[place + 2]]] ?? Int.max : Int.max
        }
        var pairs = starts.indices.map(pair)
        while let lowest = pairs.min(), lowest < rank, let place = pairs.firstIndex(of: lowest) {
            starts.remove(at: place + 1)
            pairs.remove(at: place + 1)
            pairs[place] = pair(place)
            if place > 0 { pairs[place - 1] = pair(place - 1) }
        }
        return starts.indices.dropLast().map { token[starts[$0]..<starts[$0 + 1]] }
    }

    /// A token that no two others make.
    struct Unmergeable: Error {
        /// The token's rank, which is its id.
        let rank: Int
    }
}
