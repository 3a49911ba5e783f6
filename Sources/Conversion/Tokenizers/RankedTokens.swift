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

    /// A token that no two others make.
    struct Unmergeable: Error {
        /// The token's rank, which is its id.
        let rank: Int
    }
}
