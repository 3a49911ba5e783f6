package import Formats

/// One part of a `tokenizer.json`, such as a normalizer, with its place for messages.
package struct TokenizerPart {
    /// The part itself.
    package let json: JSON
    /// Where it is in the file, for messages.
    package let place: String

    /// Takes a part, and the words for its place.
    package init(_ json: JSON, _ place: String) {
        self.json = json
        self.place = place
    }

    /// A member, or `nil` if there is none or `null`.
    package subscript(key: String) -> TokenizerPart? {
        guard let value = json[key], value != .null else { return nil }
        return TokenizerPart(value, "\(place).\(key)")
    }

    /// The name under `type`.
    package func type() throws(ConversionError) -> String { try string("type") }

    /// The text of a member that has to be there.
    package func string(_ key: String) throws(ConversionError) -> String {
        guard let text = json[key]?.string else { throw broken("'\(key)' is not a string") }
        return text
    }

    /// A string that may be missing or `null`.
    func optionalString(_ key: String) throws(ConversionError) -> String? {
        guard let part = self[key] else { return nil }
        guard let text = part.json.string else { throw broken("'\(key)' is not a string") }
        return text
    }

    /// The one scalar of a member that has to be there.
    package func scalar(_ key: String) throws(ConversionError) -> Unicode.Scalar {
        let scalars = try string(key).unicodeScalars
        guard let first = scalars.first, scalars.count == 1 else {
            throw broken("'\(key)' is not one character")
        }
        return first
    }

    /// The truth value of a member, or what it is where the part does not state it.
    package func bool(_ key: String, default standard: Bool) throws(ConversionError) -> Bool {
        guard let part = self[key] else { return standard }
        guard let value = part.json.bool else { throw broken("'\(key)' is neither true nor false") }
        return value
    }

    /// The whole number, at least 0, of a member that has to be there.
    package func integer(_ key: String) throws(ConversionError) -> Int {
        guard let value = json[key]?.integer, value >= 0 else {
            throw broken("'\(key)' is not a whole number")
        }
        return value
    }

    /// The elements of an array, each with its place.
    package func parts(_ key: String) throws(ConversionError) -> [TokenizerPart] {
        guard let array = json[key]?.array else { throw broken("'\(key)' is not an array") }
        return array.enumerated().map { TokenizerPart($1, "\(place).\(key)[\($0)]") }
    }

    /// The error that this part is not as it has to be.
    package func broken(_ what: String) -> ConversionError {
        ConversionError(
            .tokenizerBroken, "tokenizer.json is broken: in \(place) \(what)",
            fix: "mend it, or download it again")
    }

    /// The error that this kind of part is not known.
    package func unknown(_ kind: String) -> ConversionError {
        ConversionError(
            .tokenizerUnsupported, "tokenizer.json: the \(place) '\(kind)' is not supported",
            fix:
                "name the pre-tokenizer with --pre NAME (knapsack help gguf lists them), or with pre-tokenizer in a manifest"
        )
    }
}
