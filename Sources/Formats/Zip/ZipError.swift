/// Why the directory of a zip archive is refused.
package struct ZipError: Error, Equatable, Sendable {
    /// What kind of thing is wrong.
    package enum Kind: Sendable {
        /// The archive contradicts itself, or is cut short.
        case damaged
        /// It is of several disks.
        case unsupported
        /// Its directory is larger than is allowed.
        case tooLarge
        /// A member's name is not UTF-8.
        case name
        /// Two members have one name.
        case duplicate
    }

    /// What kind of thing is wrong.
    package let kind: Kind
    /// The member that it is about, with U+FFFD for what is not UTF-8.
    package let member: String?
    /// What is wrong, and where.
    package let format: FormatError

    /// An archive that contradicts itself, or is cut short.
    init(_ message: String, at offset: Int) { self.init(.damaged, message, at: offset) }

    /// An error of any kind, at an offset of the file; `member` with U+FFFD for what is not UTF-8.
    init(_ kind: Kind, _ message: String, at offset: Int, member: String? = nil) {
        self.kind = kind
        self.member = member
        format = FormatError(message, at: offset)
    }
}
