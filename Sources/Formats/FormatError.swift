/// What is wrong with bytes that should have followed a file format, and where.
///
/// The error does not know the file's name: whoever opened the file adds it.
package struct FormatError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One sentence without a full stop that states what was read and what is allowed.
    package let message: String
    /// Where the problem starts, in bytes from the start of the data.
    package let offset: Int

    /// Makes an error at `offset`, in bytes from the start of the data.
    package init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }

    /// The message, then the place.
    package var description: String { "\(message) (at byte \(offset))" }
}
