/// `--override-kv KEY=TYPE:VALUE`: a metadata item to set.
package struct MetadataOverride: Hashable, Sendable {
    /// A value of the four types that can be said.
    package enum Value: Hashable, Sendable {
        /// Written as an unsigned integer of 32 bits, without its sign, as llama-quantize does; at most 32 bits then.
        case int(Int64)
        /// Written as a float of 32 bits.
        case float(Float)
        /// Written as they are; a text has at most ``MetadataOverride/maximumLength`` bytes.
        case bool(Bool), string(String)
    }

    /// The longest name and the longest text in bytes, as llama-quantize has them.
    package static let maximumLength = 127

    /// The item's name.
    package let key: String
    /// The item's value.
    package let value: Value

    /// What is worth knowing: that a negative number is written without its sign; `nil` if there is nothing.
    package var remark: String? {
        guard case .int(let number) = value, number < 0 else { return nil }
        return
            "the override \(key)=int:\(number) is written as \(number.magnitude), as llama-quantize writes it"
    }

    /// Makes an override.
    package init(key: String, value: Value) {
        self.key = key
        self.value = value
    }

    /// Reads `KEY=TYPE:VALUE`, where the type is `int`, `float`, `bool` or `str`.
    /// - Throws: where a part is missing, too long, or no value of its type. llama-quantize takes any text for a
    ///   number; here it is an error.
    package init(_ text: String) throws(QuantizationError) {
        let bytes = text.utf8
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), equals != bytes.startIndex,
            let colon = bytes[equals...].firstIndex(of: UInt8(ascii: ":"))
        else {
            throw QuantizationError(
                "the override \(text.quotedForMessage) is not KEY=TYPE:VALUE",
                hint: "write it as tokenizer.ggml.add_bos_token=bool:false")
        }
        let type = String(text[bytes.index(after: equals)..<colon])
        let value = String(text[bytes.index(after: colon)...])
        let key = String(text[..<equals])
        for (what, part) in [("name", key), ("value", value)] {
            guard part.utf8.count <= Self.maximumLength, !part.utf8.contains(0) else {
                throw QuantizationError(
                    "the \(what) of the override \(text.quotedForMessage) has \(part.utf8.count) bytes",
                    hint: "at most \(Self.maximumLength), none of them 0, are allowed")
            }
        }
        self.init(key: key, value: try Self.value(value, type: type, in: text))
    }

    private static func value(
        _ value: String, type: String, in text: String
    ) throws(QuantizationError) -> Value {
        func error(_ allowed: String) -> QuantizationError {
            QuantizationError(
                "the override \(text.quotedForMessage) states the \(type) \(value.quotedForMessage)",
                hint: "write \(allowed)")
        }
        switch type {
        case "int":
            guard let number = Int64(value), UInt32(exactly: number.magnitude) != nil else {
                throw error("a whole number from -4294967295 to 4294967295")
            }
            return .int(number)
        case "float":
            // Rounded twice, as the reference does: the number is read with 64 bits.
            guard let number = Double(value) else { throw error("a number such as 1.5 or 1e-5") }
            return .float(Float(number))
        case "bool":
            guard value == "true" || value == "false" else { throw error("true or false") }
            return .bool(value == "true")
        case "str": return .string(value)
        default:
            throw QuantizationError(
                "the override \(text.quotedForMessage) has the type \(type.quotedForMessage)",
                hint: "int, float, bool and str are allowed")
        }
    }
}
