/// Why no GGUF can be made of a model.
package struct ConversionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of problem.
    package let code: Code
    /// One sentence without a full stop that states what is wrong and where.
    package let message: String
    /// What else is known, a line each.
    package let notes: [String]
    /// What to do next; `nil` where nothing is known to help.
    package let fix: String?
    /// The names of tensors that it is about, as the checkpoint has them.
    package var tensors: [String] = []

    /// Makes an error out of what is wrong and what to do next.
    package init(_ code: Code, _ message: String, notes: [String] = [], fix: String? = nil) {
        self.code = code
        self.message = message
        self.notes = notes
        self.fix = fix
    }

    /// The message, then what to do.
    package var description: String { fix.map { "\(message); \($0)" } ?? message }
}
