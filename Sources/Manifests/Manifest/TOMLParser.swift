/// Why a text is not TOML.
struct TOMLSyntaxError: Error, Equatable {
    /// What is wrong, in words that a line and column can follow.
    let message: String
    /// The offset of a byte.
    let place: Int
    /// What to do about it, if that is known better than from the message.
    var fix: String?

    /// Takes the message without a full stop, and the offset of the byte that it is about.
    init(_ message: String, at place: Int, fix: String? = nil) {
        self.message = message
        self.place = place
        self.fix = fix
    }
}

/// Reads TOML 1.0 (https://toml.io/en/v1.0.0) and keeps the place of every key and value.
///
/// It takes what every other tool that reads the file takes, and so nothing of TOML 1.1, which allows
/// newlines and a last comma in inline tables, two more escapes and times without seconds.
struct TOMLParser {
    /// How deep tables and arrays may be in each other: nothing that is read recurses further.
    static let maximumDepth = 64

    /// The document, valid UTF-8.
    let bytes: [UInt8]
    var position = 0
    /// The places of the "#" of comments.
    var comments: Set<Int> = []

    /// The root table of a document.
    /// - Parameter bytes: the document, valid UTF-8, with or without a byte order mark.
    /// - Throws: the first thing that keeps the bytes from being TOML.
    static func parse(_ bytes: [UInt8]) throws(TOMLSyntaxError) -> LocatedValue {
        try parseWithComments(bytes).root
    }

    /// The root table of a document, and the places of the "#" of its comments.
    static func parseWithComments(
        _ bytes: [UInt8]
    ) throws(TOMLSyntaxError) -> (root: LocatedValue, comments: Set<Int>) {
        var parser = TOMLParser(bytes: bytes)
        let root = try parser.document().located
        return (root, parser.comments)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func document() throws(TOMLSyntaxError) -> TOMLNode {
        if LineColumns.hasByteOrderMark(bytes) { position = 3 }
        let root = TOMLNode(.table, at: position, depth: 0)
        var table = root
        while true {
            try skipBlankLines()
            guard let byte = peek() else { return root }
            if byte == UInt8(ascii: "[") {
                table = try header(in: root)
            } else {
                try keyAndValue(into: table)
            }
            skipBlanks()
            try skipComment()
            guard position == bytes.count || takeNewline() else {
                throw unexpected("the end of the line")
            }
        }
    }

    // MARK: Values

    private mutating func value(in parent: TOMLNode) throws(TOMLSyntaxError) -> TOMLNode {
        let start = position
        switch peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let text = try string(mayHaveLines: true)
            return try child(.scalar(.string(String(decoding: text, as: UTF8.self))), of: parent, at: start)
        case UInt8(ascii: "["): return try list(in: parent)
        case UInt8(ascii: "{"): return try inlineTable(in: parent)
        default: return try child(.scalar(try bareValue()), of: parent, at: start)
        }
    }

    private mutating func list(in parent: TOMLNode) throws(TOMLSyntaxError) -> TOMLNode {
        let list = try child(.list, of: parent, at: position)
        position += 1
        while true {
            try skipBlankLines()
            if take(UInt8(ascii: "]")) { return list }
            list.add(try value(in: list))
            try skipBlankLines()
            if take(UInt8(ascii: ",")) { continue }
            if take(UInt8(ascii: "]")) { return list }
            throw unexpected("`,` or `]` in the list")
        }
    }

    private mutating func inlineTable(in parent: TOMLNode) throws(TOMLSyntaxError) -> TOMLNode {
        let table = try child(.table, of: parent, at: position)
        position += 1
        // Only outside of the braces is it complete.
        defer { table.definition = .inline }
        skipBlanks()
        if take(UInt8(ascii: "}")) { return table }
        while true {
            try keyAndValue(into: table)
            skipBlanks()
            if take(UInt8(ascii: "}")) { return table }
            guard take(UInt8(ascii: ",")) else { throw unexpected("`,` or `}` in the inline table") }
            skipBlanks()
        }
    }

    private mutating func keyAndValue(into table: TOMLNode) throws(TOMLSyntaxError) {
        let keys = try keys()
        skipBlanks()
        guard take(UInt8(ascii: "=")) else { throw unexpected("`=` after the key") }
        skipBlanks()
        var table = table
        for key in keys.dropLast() { table = try dottedTable(key, in: table) }
        guard let key = keys.last else { return }
        if let first = table[key.bytes] {
            throw TOMLSyntaxError(
                "\(key.quotedText) is given twice, first on line \(line(of: first.place))", at: key.place)
        }
        let value = try value(in: table)
        table.add(TOMLNode.Member(key: key.bytes, place: key.place, value: value))
    }

    /// A new value inside another one.
    func child(
        _ shape: TOMLNode.Shape, of parent: TOMLNode, at place: Int,
        definition: TOMLNode.Definition = .implied
    ) throws(TOMLSyntaxError) -> TOMLNode {
        guard parent.depth < TOMLParser.maximumDepth else {
            throw TOMLSyntaxError(
                "tables and lists are nested more than \(TOMLParser.maximumDepth) deep", at: place)
        }
        return TOMLNode(shape, at: place, depth: parent.depth + 1, definition: definition)
    }
}
