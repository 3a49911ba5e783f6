import Formats

/// What is looked for in a text: a string or a regular expression.
package enum TextPattern: Sendable {
    /// A text that is found as it is.
    case string([Unicode.Scalar])
    /// An expression in Oniguruma's syntax.
    case regex(RegexProgram)

    /// Reads `{"String": …}` or `{"Regex": …}`.
    init(_ part: TokenizerPart, _ key: String) throws(ConversionError) {
        guard let pattern = part[key] else { throw part.broken("'\(key)' is missing") }
        if let text = pattern.json["String"]?.string {
            self = .string(Array(text.unicodeScalars))
        } else if let text = pattern.json["Regex"]?.string {
            do throws(RegexError) {
                self = .regex(try RegexProgram(text))
            } catch {
                throw ConversionError(
                    .tokenizerRegex,
                    "tokenizer.json: the regular expression of \(part.place) cannot be used: \(error.message)",
                    fix:
                        "name the pre-tokenizer with --pre NAME (knapsack help gguf lists them), or with pre-tokenizer in a manifest"
                )
            }
        } else {
            throw part.broken("'\(key)' is neither a String nor a Regex")
        }
    }

    /// A pattern that the source holds.
    init(constant pattern: String) throws(ConversionError) {
        do throws(RegexError) {
            self = .regex(try RegexProgram(pattern))
        } catch {
            throw ConversionError(.tokenizerRegex, error.message)
        }
    }

    /// All matches from left to right.
    func matches(in scalars: [Unicode.Scalar]) throws(ConversionError) -> [Range<Int>] {
        switch self {
        case .string(let wanted): return Self.places(of: wanted, in: scalars)
        case .regex(let program):
            // Oniguruma's callers do not look into an empty text.
            if scalars.isEmpty { return [] }
            var matcher = RegexMatcher(program, scalars[...])
            do throws(RegexError) {
                return try matcher.matches()
            } catch {
                throw ConversionError(
                    .tokenizerRegex, "a regular expression of tokenizer.json: \(error.message)",
                    fix:
                        "name the pre-tokenizer with --pre NAME (knapsack help gguf lists them), or with pre-tokenizer in a manifest"
                )
            }
        }
    }

    private static func places(of wanted: [Unicode.Scalar], in scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var places: [Range<Int>] = []
        guard let first = wanted.first else {
            // The empty string is found everywhere.
            return scalars.isEmpty ? [] : (0...scalars.count).map { $0..<$0 }
        }
        var index = 0
        while index + wanted.count <= scalars.count {
            if scalars[index] == first, scalars[index..<index + wanted.count].elementsEqual(wanted) {
                places.append(index..<index + wanted.count)
                index += wanted.count
            } else {
                index += 1
            }
        }
        return places
    }
}
