package import Formats

/// One part of a `tokenizer.json`, such as a normalizer, with its place for messages.
package struct TokenizerPart {
    package let json: JSON
    package let place: String

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

    package func scalar(_ key: String) throws(ConversionError) -> Unicode.Scalar {
        let scalars = try string(key).unicodeScalars
        guard let first = scalars.first, scalars.count == 1 else {
            throw broken("'\(key)' is not one character")
        }
        return first
    }

    package func bool(_ key: String, default standard: Bool) throws(ConversionError) -> Bool {
        guard let part = self[key] else { return standard }
        guard let value = part.json.bool else { throw broken("'\(key)' is neither true nor false") }
        return value
    }

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
            fix: "delete the file and download it again")
    }

    /// The error that this kind of part is not known.
    package func unknown(_ kind: String) -> ConversionError {
        ConversionError(
            .tokenizerUnsupported, "tokenizer.json: the \(place) '\(kind)' is not supported",
            fix: "name the pre-tokenizer with --pre NAME, or with pre-tokenizer = \"NAME\" in a manifest")
    }
}
