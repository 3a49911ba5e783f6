import Formats

/// Secrets without a shape of their own, which the name before them gives away: AWS's secret keys, Kaggle's keys, and those
/// that Weights & Biases gave out until 2025.
struct CredentialContext {
    private var name: [UInt8] = []
    /// Whether "username" was met, beside which Kaggle's own file has "key".
    private var hasUser = false

    /// A name counts for its own line alone, and in JSON for the value after it.
    mutating func endLine() { name = [] }

    private static let aws = Array("secret_access_key".utf8)
    private static let awsShort = Array("secretaccesskey".utf8)
    private static let user = Array("username".utf8)
    private static let kaggle = Array("kaggle_key".utf8)
    private static let wandb = Array("wandb_api_key".utf8)
    private static let wandbHost = Array("wandb".utf8)

    /// What a word is by the name before it; otherwise it may be such a name for the next.
    mutating func kind(of word: Span<UInt8>, in text: Span<UInt8>, _ start: Int, _ end: Int) -> String? {
        if !name.isEmpty {
            // AWS's keys have "/" and "+", which are not of words.
            var (first, last) = (start, end)
            func isKey(_ byte: UInt8) -> Bool {
                CredentialShape.Letters.alphanumeric.contains(byte) || byte == 0x2F || byte == 0x2B
            }
            while first > 0, isKey(text[first - 1]) { first -= 1 }
            while last < text.count, isKey(text[last]) { last += 1 }
            let whole = text.extracting(first..<last)
            let isAWS = name == Self.aws
            if isAWS, whole.count == 40, !CredentialShape.isPlaceholder(whole) {
                name = []
                return "a secret key of AWS"
            }
            let isWandb = name == Self.wandb
            if !isAWS, word.count == (isWandb ? 40 : 32), !CredentialShape.isPlaceholder(word),
                word.indices.allSatisfy({ CredentialShape.Letters.hexadecimal.contains(word[$0]) })
            {
                name = []
                return isWandb ? "a key of Weights & Biases" : "a key of Kaggle"
            }
        }
        if hasUser, word.count == 3, word[0] == 0x6B, word[1] == 0x65, word[2] == 0x79 {
            name = Self.kaggle
            return nil
        }
        // The host in a file of passwords: api.wandb.ai.
        if Self.isHost(word, in: text, start, end) {
            name = Self.wandb
            return nil
        }
        guard word.count >= 8, word.count <= 64 else { return nil }
        let small = (0..<word.count).map { (0x41...0x5A).contains(word[$0]) ? word[$0] | 0x20 : word[$0] }
        if small == Self.user {
            hasUser = true
        } else if PickleName.contains(small.span, Self.aws) || PickleName.contains(small.span, Self.awsShort)
        {
            name = Self.aws
        } else if PickleName.contains(small.span, Self.kaggle) {
            name = Self.kaggle
        } else if PickleName.contains(small.span, Self.wandb) {
            name = Self.wandb
        }
        return nil
    }

    private static func isHost(_ word: Span<UInt8>, in text: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        guard word.count == wandbHost.count, start >= 4, end + 3 <= text.count,
            word.indices.allSatisfy({ word[$0] == wandbHost[$0] })
        else { return false }
        let (before, after) = (Array("api.".utf8), Array(".ai".utf8))
        return before.indices.allSatisfy { text[start - 4 + $0] == before[$0] }
            && after.indices.allSatisfy { text[end + $0] == after[$0] }
    }
}
