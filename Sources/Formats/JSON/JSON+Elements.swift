extension JSON {
    /// Reads one document that is an object by the rules of ``parse(_:maximumDepth:nonFinite:)``, and hands
    /// out the elements of one of its arrays as they come, so that a long array needs no memory.
    /// - Parameters:
    ///   - key: the name of the member whose array is handed out; where it is no array, it is kept.
    ///   - inner: the name of a member of such an element whose own array is handed out as well, before the element.
    ///   - part: receives each element of that, with its place; a new array begins with 0.
    ///   - body: receives each element, in order; `inner` is empty in it.
    /// - Returns: the object's members, that array empty.
    package static func parse(
        _ bytes: Span<UInt8>, elementsOf key: String, partsOf inner: String? = nil, maximumDepth: Int = 128,
        part: (_ place: Int, JSON) -> Void = { _, _ in }, _ body: (JSON) -> Void
    ) throws(FormatError) -> JSON {
        var cursor = JSONCursor(depthLeft: maximumDepth)
        cursor.skipWhiteSpace(bytes)
        let result = try cursor.object(bytes, elementsOf: key) { (cursor, _) throws(FormatError) in
            guard let inner, cursor.next(bytes) == UInt8(ascii: "{") else {
                body(try cursor.value(bytes))
                return
            }
            body(
                try cursor.object(bytes, elementsOf: inner) { (cursor, place) throws(FormatError) in
                    part(place, try cursor.value(bytes))
                })
        }
        cursor.skipWhiteSpace(bytes)
        guard cursor.position == bytes.count else {
            throw FormatError("expected the end of the JSON document", at: cursor.position)
        }
        return result
    }
}

extension JSONCursor {
    /// Reads an object, and leaves the elements of one of its arrays to `element`, which reads each; the array is empty in
    /// what is returned.
    fileprivate mutating func object(
        _ bytes: Span<UInt8>, elementsOf key: String,
        element: (inout JSONCursor, _ place: Int) throws(FormatError) -> Void
    ) throws(FormatError) -> JSON {
        var members: [JSON.Member] = []
        try nested { (cursor) throws(FormatError) in
            try cursor.eachMember(bytes) { (cursor, name, _) throws(FormatError) in
                guard name.hasSameBytes(as: key), cursor.next(bytes) == UInt8(ascii: "[") else {
                    members.append(JSON.Member(name, try cursor.value(bytes)))
                    return
                }
                members.append(JSON.Member(name, .array([])))
                var place = 0
                try cursor.nested { (cursor) throws(FormatError) in
                    try cursor.eachElement(bytes) { (cursor) throws(FormatError) in
                        try element(&cursor, place)
                        place += 1
                    }
                }
            }
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
