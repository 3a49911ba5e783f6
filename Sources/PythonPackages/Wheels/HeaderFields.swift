/// The fields at the head of METADATA and WHEEL: `Name: value` lines as in e-mail (RFC 822), UTF-8.
package struct HeaderFields: Equatable, Sendable {
    /// The names and values in order, names as they were written, values on one line.
    package let fields: [(name: String, value: String)]

    /// Reads the fields up to the first empty line, or the first that is not one; what follows is a description.
    /// `nil` where the bytes up to there are not UTF-8.
    package init?(_ bytes: Span<UInt8>) {
        var fields: [(name: String, value: String)] = []
        var start = 0
        // A mark that states UTF-8 is no part of the first name.
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { start = 3 }
        while start < bytes.count {
            var end = start
            while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
            guard end > start else { break }
            let line = (start..<end).map { bytes[$0] }
            guard let text = String(validating: line, as: UTF8.self) else { return nil }
            start = end + 1
            if end + 1 < bytes.count, bytes[end] == 0x0D, bytes[end + 1] == 0x0A { start += 1 }
            if line[0] == 0x20 || line[0] == 0x09 {
                guard let last = fields.popLast() else { break }
                fields.append((last.name, (last.value + " " + text.trimmed).trimmed))
                continue
            }
            guard let colon = line.firstIndex(of: 0x3A),
                line[..<colon].allSatisfy({ (0x21...0x7E).contains($0) })
            else { break }
            fields.append(
                (
                    String(decoding: line[..<colon], as: UTF8.self),
                    String(decoding: line[(colon + 1)...], as: UTF8.self).trimmed
                ))
        }
        self.fields = fields
    }

    /// All values of a field, whose name is compared without case.
    package func all(_ name: String) -> [String] {
        fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// The first value of a field; `nil` if there is none.
    package subscript(_ name: String) -> String? { all(name).first }

    /// Whether all names and values are equal.
    package static func == (left: HeaderFields, right: HeaderFields) -> Bool {
        left.fields.elementsEqual(right.fields, by: ==)
    }
}
