/// The shape of one maker's tokens: a prefix, the letters after it, and how many.
struct CredentialShape: Sendable {
    /// The letters that a token is made from.
    enum Letters: Sendable {
        /// ASCII's letters; letters and digits; digits and `a` to `f`; RFC 4648's `A` to `Z` and `2` to `7`;
        /// letters, digits, `_` and `-`.
        case letters, alphanumeric, hexadecimal, base32, word

        /// Whether a byte is one of them.
        func contains(_ byte: UInt8) -> Bool {
            switch self {
            case .letters: (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            case .alphanumeric: Letters.letters.contains(byte) || (0x30...0x39).contains(byte)
            case .hexadecimal: (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
            case .base32: (0x41...0x5A).contains(byte) || (0x32...0x37).contains(byte)
            case .word: Letters.alphanumeric.contains(byte) || byte == 0x5F || byte == 0x2D
            }
        }
    }

    /// What it is, to be read after "has".
    let kind: String
    /// What the token begins with, in ASCII.
    let prefix: [UInt8]
    /// What may follow the prefix.
    let letters: Letters
    /// How many letters may follow the prefix.
    let lengths: ClosedRange<Int>
    /// What has to be in it besides.
    let part: [UInt8]

    /// Takes the parts as they are in the maker's documentation; `part` is text that has to be in it besides.
    init(
        _ kind: String, _ prefix: String, _ letters: Letters, _ lengths: ClosedRange<Int>,
        with part: String = ""
    ) {
        self.kind = kind
        self.prefix = Array(prefix.utf8)
        self.letters = letters
        self.lengths = lengths
        self.part = Array(part.utf8)
    }

    /// Lengths count what follows the prefix. Sources: the makers' documentation of their formats and of secret scanning
    /// (GitHub, GitLab, AWS, Slack, Hugging Face, Kaggle, PyPI, npm), as of 2026.
    static let all: [CredentialShape] = [
        .init("a token of Hugging Face", "hf_", .alphanumeric, 34...34),
        .init("a token of a Hugging Face organization", "api_org_", .alphanumeric, 34...34),
        .init("a token of Kaggle", "KGAT_", .alphanumeric, 32...64),
        .init("a token of GitHub", "ghp_", .alphanumeric, 36...36),
        .init("a token of GitHub", "gho_", .alphanumeric, 36...36),
        .init("a token of GitHub", "ghu_", .alphanumeric, 36...36),
        .init("a token of GitHub", "ghs_", .alphanumeric, 36...255),
        .init("a token of GitHub", "ghr_", .alphanumeric, 36...76),
        .init("a token of GitHub", "github_pat_", .word, 82...82),
        .init("a token of GitLab", "glpat-", .word, 20...64),
        .init("a key of AWS", "AKIA", .base32, 16...16), .init("a key of AWS", "ASIA", .base32, 16...16),
        .init("a key of Anthropic", "sk-ant-", .word, 80...140),
        .init("a key of OpenAI", "sk-", .word, 40...200, with: "T3BlbkFJ"),
        .init("a key of OpenRouter", "sk-or-v1-", .hexadecimal, 64...64),
        .init("a key of Google", "AIza", .word, 35...35),
        .init("a secret of Google", "GOCSPX-", .word, 28...28),
        .init("a token of Slack", "xoxb-", .word, 40...120),
        .init("a token of Slack", "xoxp-", .word, 60...120),
        .init("a token of Slack", "xapp-", .word, 60...140),
        .init("a token of PyPI", "pypi-AgEIcHlwaS5vcmc", .word, 50...1000),
        .init("a token of PyPI", "pypi-AgENdGVzdC5weXBpLm9yZw", .word, 50...1000),
        .init("a token of npm", "npm_", .alphanumeric, 36...36),
        .init("a key of Groq", "gsk_", .alphanumeric, 52...52),
        .init("a token of Replicate", "r8_", .alphanumeric, 37...37),
        .init("a key of NVIDIA", "nvapi-", .word, 60...80),
        .init("a key of Stripe", "sk_live_", .alphanumeric, 24...120),
        .init("a token of Databricks", "dapi", .hexadecimal, 32...32),
        .init("a key of Weights & Biases", "wandb_v1_", .word, 40...120),
    ]

    /// Whether a word is such a token, and no placeholder.
    func matches(_ word: Span<UInt8>) -> Bool {
        let count = word.count - prefix.count
        guard lengths.contains(count) else { return false }
        for index in 0..<prefix.count where word[index] != prefix[index] { return false }
        for index in prefix.count..<word.count where !letters.contains(word[index]) { return false }
        guard part.isEmpty || PickleName.contains(word, part) else { return false }
        return !Self.isPlaceholder(word.extracting(prefix.count..<word.count))
    }

    /// Whether text stands in a secret's place: few letters, rows of the alphabet, or words that say so.
    static func isPlaceholder(_ text: Span<UInt8>) -> Bool {
        var seen = [Bool](repeating: false, count: 256)
        var (distinct, rows) = (0, 0)
        for index in 0..<text.count {
            if !seen[Int(text[index])] {
                seen[Int(text[index])] = true
                distinct += 1
            }
            if index > 0 {
                let step = Int(text[index]) - Int(text[index - 1])
                if (-1...1).contains(step) { rows += 1 }
            }
        }
        // Of sixteen random letters ten differ almost always, of twelve of thirty-two hexadecimal digits eleven.
        guard distinct >= (text.count >= 24 ? 9 : 7), rows * 2 < text.count else { return true }
        let small = text.indices.map { (0x41...0x5A).contains(text[$0]) ? text[$0] | 0x20 : text[$0] }
        return words.contains { PickleName.contains(small.span, $0) }
    }

    private static let words = [
        "example", "placeholder", "xxxx", "your", "token", "insert", "secret", "dummy", "redacted",
    ]
    .map { Array($0.utf8) }
}
