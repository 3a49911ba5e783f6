import Tokenizers

/// A regular expression of Python's `re`, as configurations of PEFT name modules by.
///
/// What is taken has the one meaning that every version of Python from 3.9 on gives it; everything else is refused.
/// Only whether there is a match is asked, which no order of trying changes.
package struct PythonPattern: Sendable {
    /// Why a pattern is not taken: Python refuses it, or it is not one of what is understood here.
    package struct Problem: Error, Equatable, CustomStringConvertible {
        /// What is wrong, without a full stop, and where.
        package let description: String
    }

    private let program: RegexProgram

    /// Reads a pattern.
    /// - Parameter reachesEnd: whether a match has to reach the end of the text, as of `re.fullmatch`.
    package init(_ text: String, reachesEnd: Bool = false) throws(Problem) {
        do throws(RegexError) {
            program = try RegexProgram(text, dialect: .python, reachesEnd: reachesEnd)
        } catch {
            throw Problem(description: "\(error.message), at byte \(error.offset)")
        }
    }

    /// Whether `re.match`, or `re.fullmatch`, finds the pattern.
    /// - Throws: for a text that is not of printable ASCII characters, in which classes mean more, and where the
    ///   search takes more steps than are allowed.
    package func matches(_ text: String) throws(Problem) -> Bool {
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Problem(description: "\"\(text)\" is not of printable ASCII characters")
        }
        let scalars = Array(text.unicodeScalars)
        do throws(RegexError) {
            var matcher = RegexMatcher(program, scalars[...])
            return try matcher.isPrefix()
        } catch {
            throw Problem(description: "\(error.message) in \"\(text)\"")
        }
    }
}
