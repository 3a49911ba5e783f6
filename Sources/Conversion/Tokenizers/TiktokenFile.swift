import Formats
import Tokenizers

/// A vocabulary as tiktoken has it (`tiktoken.model`, `hy.tiktoken`): a line for each token, its bytes in Base64 and its
/// rank, which is its id.
struct TiktokenFile {
    /// The tokens by rank.
    let ranked: RankedTokens
    private let path: RelativePath

    /// The bytes of the longest token, and the sum of all tokens' squared lengths: what finding merges takes grows with
    /// it. Real files have tokens of up to 256 bytes, and a sum below 2^26.
    private static let maximumLength = 1024
    private static let maximumWork = 1 << 31

    /// Reads a file.
    /// - Parameter renumbers: whether ranks are counted here, and a token that was there before is passed over, whatever
    ///   the file states, as Hunyuan's own program reads it; the ranks have to be 0, 1, 2 … otherwise.
    /// - Throws: where there is no such file, or it is broken.
    init(_ files: ModelDocuments, _ path: RelativePath, renumbers: Bool = false) throws(ConversionError) {
        guard let bytes = files[path] else { throw .missingFile(path.text, for: "has the vocabulary") }
        self.path = path
        var tokens: [[UInt8]] = []
        var seen: Set<[UInt8]> = []
        var work = 0
        for line in bytes.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            let parts = line.split { $0 == 0x20 || $0 == 0x09 }
            if parts.isEmpty { continue }
            let texts = parts.map { String(decoding: $0, as: UTF8.self) }
            guard texts.count == 2, let number = Int(texts[1]), let token = Base64.bytes(texts[0], .standard),
                !token.isEmpty, token.count <= Self.maximumLength, tokens.count < TokenTable.maximumCount
            else { throw .broken(path.text, "the token of rank \(tokens.count) is not valid") }
            if renumbers, seen.contains(token) { continue }
            guard renumbers || number == tokens.count, seen.insert(token).inserted else {
                throw .broken(
                    path.text, "the token of rank \(tokens.count) has another rank, or is there twice")
            }
            work += token.count * token.count
            guard work <= Self.maximumWork else {
                throw .broken(path.text, "its tokens are longer than those of any model")
            }
            tokens.append(token)
        }
        guard !tokens.isEmpty, let ranked = RankedTokens(tokens) else {
            throw .broken(path.text, "it has no tokens")
        }
        self.ranked = ranked
    }

    /// The texts of the tokens by rank, in the characters of ``ByteCharacters``.
    var texts: [String] { ranked.tokens.map { ByteCharacters.text($0) } }

    /// The pairs of tokens of which others are made, in the order of what they make. What is made of more than two has
    /// none, as in the reference.
    func merges() -> [(left: String, right: String)] {
        ranked.tokens.indices.compactMap { rank in
            let parts = ranked.parts(of: rank)
            return parts.count == 2 ? (ByteCharacters.text(parts[0]), ByteCharacters.text(parts[1])) : nil
        }
    }

    /// The same as `tokenizer.json` has it, without added tokens.
    /// - Parameter pattern: what words match.
    func tokenizer(_ merges: [(left: String, right: String)], pattern: String) -> JSON {
        let vocabulary = texts.enumerated().map { JSON.Member($1, .integer($0)) }
        let pairs = merges.map { JSON.array([.string($0.left), .string($0.right)]) }
        let split: JSON = [
            "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
        ]
        let bytes: JSON = ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false]
        return [
            "model": [
                "type": "BPE", "vocab": .object(vocabulary), "merges": .array(pairs), "ignore_merges": true,
            ],
            "pre_tokenizer": ["type": "Sequence", "pretokenizers": [split, bytes]],
        ]
    }
}
