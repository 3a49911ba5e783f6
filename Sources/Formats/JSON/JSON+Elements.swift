extension JSON {
    /// Reads one document that is an object by the rules of ``parse(_:maximumDepth:nonFinite:)``, and hands
    /// out the elements of one of its arrays as they come, so that a long array needs no memory.
    /// - Parameters:
    ///   - key: the name of the member whose array is handed out; where it is no array, it is kept.
    ///   - body: receives each element, in order.
    /// - Returns: the object's members, that array empty.
    package static func parse(
        _ bytes: Span<UInt8>, elementsOf key: String, maximumDepth: Int = 128, _ body: (JSON) -> Void
    ) throws(FormatError) -> JSON {
        var cursor = JSONCursor(depthLeft: maximumDepth)
        var members: [JSON.Member] = []
        cursor.skipWhiteSpace(bytes)
        try cursor.nested { (cursor) throws(FormatError) in
            try cursor.eachMember(bytes) { (cursor, name, _) throws(FormatError) in
                guard name.hasSameBytes(as: key), cursor.next(bytes) == UInt8(ascii: "[") else {
                    members.append(JSON.Member(name, try cursor.value(bytes)))
                    return
                }
                members.append(JSON.Member(name, .array([])))
                try cursor.nested { (cursor) throws(FormatError) in
                    try cursor.eachElement(bytes) { (cursor) throws(FormatError) in
                        body(try cursor.value(bytes))
                    }
                }
            }
        }
        cursor.skipWhiteSpace(bytes)
        guard cursor.position == bytes.count else {
            throw FormatError("expected the end of the JSON document", at: cursor.position)
        }
        return .object(members)
    }
}

extension JSON {
    /// The value of a number of either kind.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
