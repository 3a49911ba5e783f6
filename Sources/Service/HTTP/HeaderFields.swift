import Formats

/// The header fields of a message, in their order.
package struct HeaderFields: Sendable {
    /// One field.
    package struct Field: Sendable, Equatable {
        /// The name; of a request in small letters.
        package let name: String
        /// The value, without blanks around it.
        package let value: String
    }

    /// The fields in their order.
    package private(set) var fields: [Field] = []

    /// No fields.
    package init() {}

    /// The values of all fields of a name, which is given in small letters.
    package func all(_ name: String) -> [String] {
        fields.filter { $0.name.hasSameBytes(as: name) }.map(\.value)
    }

    /// The value of the only field of a name, which is given in small letters; `nil` where there is none, or more than one.
    package subscript(_ name: String) -> String? {
        let values = all(name)
        return values.count == 1 ? values[0] : nil
    }

    /// The words between the commas of all fields of a name, without blanks around them, in small letters.
    package func words(_ name: String) -> [String] {
        all(name).flatMap { HeaderFields.list($0) }.map(HeaderFields.lowered).filter { !$0.isEmpty }
    }

    /// A text with small letters for A to Z, and all else as it is: `lowercased()` makes a "k" of the Kelvin sign, too, so that
    /// another server would not read the same word.
    static func lowered(_ text: String) -> String {
        String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    /// The parts of a list that is separated by commas, without blanks around them; commas in quotation marks count too,
    /// which is right for all lists that are read here.
    package static func list(_ value: String) -> [String] {
        value.utf8.split(separator: UInt8(ascii: ",")).map { HeaderFields.trimmed(Array($0)[...]) }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// Appends a field. Bytes that would end it, and all other control characters, become "?": whatever a value is made of,
    /// it stays one value.
    package mutating func append(_ name: String, _ value: String) {
        guard value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
            fields.append(Field(name: name, value: value))
            return
        }
        let bytes = value.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }
        fields.append(Field(name: name, value: String(decoding: bytes, as: UTF8.self)))
    }

    /// The bytes without blanks and tabs around them.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard let first = bytes.firstIndex(where: { !isBlank($0) }),
            let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return bytes[first...last]
    }
}
