/// Why a file cannot be quantized as it was asked.
package struct QuantizationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One sentence without a full stop that states what is wrong and where.
    package let message: String
    /// What to do next; `nil` where nothing is known to help.
    package let hint: String?

    /// Makes an error out of what is wrong and what to do next.
    package init(_ message: String, hint: String? = nil) {
        self.message = message
        self.hint = hint
    }

    /// The message, then the hint.
    package var description: String { hint.map { "\(message); \($0)" } ?? message }
}
