package import Formats
package import Storage

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

/// A version that was found in the catalogue.
package struct FoundVersion: Sendable {
    /// Its number in the database.
    let number: Int64
    /// How often its document was changed.
    let edition: Int64
    /// Who it belongs to.
    package let user: String
    /// The model.
    package let model: String
    /// The version.
    package let version: String
    /// The document that is shown, an object as JSON without blanks.
    package let text: String
    /// Its files, sorted by the bytes of their paths; none where they were not asked for.
    package let files: [FoundFile]
}

/// A file of a version that was found.
package struct FoundFile: Sendable {
    /// The file.
    package let file: StoredFile
    /// What the file in the store was when its content was hashed; `nil` where nobody knows.
    package let proved: FileStatus?
}
