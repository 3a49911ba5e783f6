/// Why one file was not kept, though the service gives it.
struct TransferFailure: Error, Equatable, Sendable {
    /// The kinds.
    enum Kind: Equatable, Sendable {
        /// The same bytes came twice, and they are not what the service lists.
        case wrongContent
        /// Other bytes came the second time, and neither are what the service lists.
        case unstableContent(Range<Int>)
        /// The content is what the service lists, and not what the lock pins.
        case notAsLocked(found: String, expected: String)
        /// The server states another name or size than was listed.
        case changed(String)
    }

    /// What kind it is.
    let kind: Kind
    /// The file, as the service names it.
    let file: String

    /// Takes the parts.
    init(_ kind: Kind, file: String) {
        self.kind = kind
        self.file = file
    }
}
