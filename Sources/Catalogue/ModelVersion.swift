package import Formats

/// One version of a model as the catalogue has it.
package struct ModelVersion: Sendable {
    /// Who it belongs to.
    package let user: String
    /// The model.
    package let model: String
    /// The version.
    package let version: String
    /// The document that is shown, an object.
    package let document: JSON
    /// Its files, sorted by the bytes of their paths.
    package let files: [StoredFile]

    /// Describes a version.
    package init(user: String, model: String, version: String, document: JSON, files: [StoredFile]) {
        self.user = user
        self.model = model
        self.version = version
        self.document = document
        self.files = files
    }

    /// Why a text is no name of a user, a model or a version, as a clause after it; `nil` where it is one.
    package static func problem(inName name: String) -> String? {
        let isPlain = name.utf8.allSatisfy {
            $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
                || (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20)
        }
        guard isPlain, (1...96).contains(name.utf8.count), name.utf8.first != UInt8(ascii: ".") else {
            return "has to be 1 to 96 letters, digits, '-', '.' and '_', and may not begin with '.'"
        }
        return nil
    }
}

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
    /// Words that have to be in its names, description or tags, in any case, all of them.
    package var words: [String] = []
    /// How many are passed over, not negative.
    package var skip = 0
    /// How many are wanted at most, at least 1.
    package var limit = 100

    /// All versions of a user.
    package init(user: String) { self.user = user }
}
