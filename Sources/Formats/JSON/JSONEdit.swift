/// Changes single values in the text of a JSON document and leaves every other byte as it is: the order of the
/// members, how they are indented, how numbers are written.
package enum JSONEdit {
    /// Replaces values of members of objects.
    ///
    /// - Parameters:
    ///   - bytes: a document whose top is an object; `NaN` and `Infinity` are taken, as Python writes them.
    ///   - enters: asked for every member that is an object, with its path, whether to look into it. Lists are not
    ///     looked into.
    ///   - replacement: asked for every other member, with its path and value, for the JSON text to put in place of
    ///     the value; `nil` leaves it.
    /// - Returns: the new text, and how many values were replaced.
    /// - Throws: where the bytes are not JSON, or the top is no object.
    package static func replacing(
        in bytes: [UInt8], entering enters: ([String]) -> Bool,
        with replacement: ([String], JSON) -> String?
    ) throws(FormatError) -> (bytes: [UInt8], count: Int) {
        var found: [Replacement] = []
        var cursor = JSONCursor(depthLeft: 128, nonFinite: true)
        let span = bytes.span
        cursor.skipWhiteSpace(span)
        try find(&found, &cursor, span, [], enters, replacement)
        cursor.skipWhiteSpace(span)
        guard cursor.position == bytes.count else {
            throw FormatError("expected the end of the JSON document", at: cursor.position)
        }
        var result: [UInt8] = []
        var position = 0
        for (range, text) in found {
            result += bytes[position..<range.lowerBound]
            result += text.utf8
            position = range.upperBound
        }
        result += bytes[position...]
        return (result, found.count)
    }

    /// Puts a member before all others of the object at the top, on a line of its own where they are.
    /// - Parameters:
    ///   - bytes: a document whose top is an object.
    ///   - text: the JSON text of the value.
    package static func inserting(_ name: String, _ text: String, into bytes: [UInt8]) -> [UInt8] {
        guard let brace = bytes.firstIndex(of: UInt8(ascii: "{")) else { return bytes }
        let start = brace + 1
        let space = bytes[start...].prefix { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
        let isEmpty = bytes.dropFirst(start + space.count).first == UInt8(ascii: "}")
        let separator = space.isEmpty ? "" : " "
        let member = Array("\(JSON.string(name).compactText):\(separator)\(text)".utf8)
        let comma: [UInt8] = isEmpty ? [] : [UInt8(ascii: ",")]
        return bytes[..<start] + space + member + comma + bytes[start...]
    }

    private typealias Replacement = (range: Range<Int>, text: String)

    /// Walks through one object.
    private static func find(
        _ found: inout [Replacement], _ cursor: inout JSONCursor, _ bytes: Span<UInt8>, _ path: [String],
        _ enters: ([String]) -> Bool, _ replacement: ([String], JSON) -> String?
    ) throws(FormatError) {
        try cursor.nested { (cursor) throws(FormatError) in
            try cursor.eachMember(bytes) { (cursor, name, _) throws(FormatError) in
                let inner = path + [name]
                let start = cursor.position
                switch cursor.next(bytes) {
                case UInt8(ascii: "{") where enters(inner):
                    try find(&found, &cursor, bytes, inner, enters, replacement)
                case UInt8(ascii: "{"), UInt8(ascii: "["): try cursor.skipValue(bytes)
                default:
                    let value = try cursor.value(bytes)
                    if let text = replacement(inner, value) { found.append((start..<cursor.position, text)) }
                }
            }
        }
    }
}
