/// Why no GGUF can be made of a model.
public struct ConversionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A stable name of the kind of problem, such as `config-key-missing`.
    public let code: String
    /// One sentence without a full stop that says what is wrong and where.
    public let message: String
    /// What else is known, a line each.
    public let notes: [String]
    /// What to do next; `nil` where nothing is known to help.
    public let fix: String?

    /// Makes an error out of what is wrong and what to do next.
    public init(_ code: String, _ message: String, notes: [String] = [], fix: String? = nil) {
        self.code = code
        self.message = message
        self.notes = notes
        self.fix = fix
    }

    /// The message, then what to do.
    public var description: String { fix.map { "\(message); \($0)" } ?? message }
}
