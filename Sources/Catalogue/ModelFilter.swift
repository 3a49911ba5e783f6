/// Which versions are wanted; everything that is given must hold.
package struct ModelFilter: Sendable {
    /// Whose they are.
    package var user: String
    /// The framework, if one is named.
    package var framework: String?
    /// The type of model, if one is named.
    package var type: String?
    /// Tags that it has to have, all of them.
    package var tags: [String] = []
    /// Texts that have to be in its names, description or tags, in any case, all of them.
    package var words: [String] = []
    /// How many are passed over, not negative.
    package var skip = 0
    /// How many are wanted at most, at least 1.
    package var limit = 100

    /// All versions of a user.
    package init(user: String) { self.user = user }

    /// A text as it is searched: in small letters, and without NUL, at which SQLite takes a text to end.
    static func folded(_ text: String) -> String {
        let lowered = text.lowercased()
        guard lowered.utf8.contains(0) else { return lowered }
        return String(decoding: lowered.utf8.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
    }

    /// What stands before the words of a user's versions.
    static func userMark(_ user: String) -> String { "\u{1}\(folded(user))\u{1}" }

    /// How much of a word, and how many of them, are looked for in the index; the rest is compared with what is found there.
    private static let phraseLimit = 40
    private static let phrases = 16

    /// The expression that leads to the versions in the index of trigrams: phrases in quotation marks, in which nothing has a
    /// meaning of its own.
    /// - Returns: `nil` where no word is of three characters, which the index needs.
    var expression: String? {
        let texts = words.map(ModelFilter.folded) + tags.map { "\n\(ModelFilter.folded($0))\n" }
        let long = texts.filter { $0.unicodeScalars.count >= 3 }
        guard !long.isEmpty else { return nil }
        return ([ModelFilter.userMark(user)] + long.prefix(ModelFilter.phrases)).map { text in
            var phrase = "\""
            for scalar in text.unicodeScalars.prefix(ModelFilter.phraseLimit) {
                phrase.unicodeScalars.append(scalar)
                if scalar == "\"" { phrase.unicodeScalars.append(scalar) }
            }
            return phrase + "\""
        }.joined(separator: " AND ")
    }
}
