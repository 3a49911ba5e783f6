/// Why a text is not TOML.
struct TOMLSyntaxError: Error, Equatable {
    let message: String
    /// The offset of a byte.
    let place: Int
    var fix: String?

    init(_ message: String, at place: Int, fix: String? = nil) {
        self.message = message
        self.place = place
        self.fix = fix
    }
}

/// Reads the grammar of TOML 1.0 to find the places of keys and values, which toml++ does not tell, and
/// to keep from toml++ what it cannot be given: its parser stops the process at some malformed arrays,
/// recurses once for every part of a dotted key, and its table of blanks is undefined for other
/// characters than ASCII wherever a blank may stand. What the grammar alone does not forbid (a table
/// that is defined in two ways, a date that does not exist, a number that is too large) passes here.
struct TOMLScanner {
    /// How deep tables and arrays may lie in each other.
    static let maximumDepth = 64

    let bytes: [UInt8]
    var position = 0

    /// The root table's places. `bytes` must be valid UTF-8.
    static func scan(_ bytes: [UInt8]) throws(TOMLSyntaxError) -> TOMLPositions {
        var scanner = TOMLScanner(bytes: bytes)
        return try scanner.document()
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func document() throws(TOMLSyntaxError) -> TOMLPositions {
        if SourceText.hasByteOrderMark(bytes) { position = 3 }
        let root = TOMLPositions(.table, at: position, depth: 0)
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

    // MARK: Tables

    private mutating func header(in root: TOMLPositions) throws(TOMLSyntaxError) -> TOMLPositions {
        let start = position
        position += 1
        let isList = take(UInt8(ascii: "["))
        skipBlanks()
        let keys = try keys()
        skipBlanks()
        let closing = isList ? "]]" : "]"
        guard bytes[position...].starts(with: closing.utf8) else {
            throw unexpected("`\(closing)` after the table's name")
        }
        position += closing.utf8.count
        var table = root
        for key in keys.dropLast() { table = try step(into: key, of: table, mayEnterLists: true) }
        guard let key = keys.last else { return table }
        return isList
            ? try appendTable(key, to: table, start: start) : try declare(key, in: table, start: start)
    }

    private mutating func declare(
        _ key: Key, in table: TOMLPositions, start: Int
    ) throws(TOMLSyntaxError) -> TOMLPositions {
        let result = try step(into: key, of: table, mayEnterLists: false)
        if let first = result.header {
            throw TOMLSyntaxError(
                "the table [\(key.text)] is given twice, first on line \(line(of: first))", at: start)
        }
        result.declare(at: start)
        return result
    }

    private mutating func appendTable(
        _ key: Key, to table: TOMLPositions, start: Int
    ) throws(TOMLSyntaxError) -> TOMLPositions {
        let list: TOMLPositions
        if let member = table[key.bytes] {
            list = member.value
        } else {
            list = try child(.listOfTables, of: table, at: start)
            table.add(TOMLPositions.Member(key: key.bytes, place: key.place, value: list))
        }
        guard list.shape == .listOfTables else {
            throw TOMLSyntaxError(
                "\(key.quotedText) is no array of tables, as it was given on line \(line(of: list.place))",
                at: key.place)
        }
        let element = try child(.table, of: list, at: start)
        element.declare(at: start)
        list.add(element)
        return element
    }

    /// The table that a key names, made where there is none.
    private func step(
        into key: Key, of table: TOMLPositions, mayEnterLists: Bool
    ) throws(TOMLSyntaxError) -> TOMLPositions {
        guard let value = table[key.bytes]?.value else {
            let made = try child(.table, of: table, at: key.place)
            table.add(TOMLPositions.Member(key: key.bytes, place: key.place, value: made))
            return made
        }
        if value.shape == .table { return value }
        if mayEnterLists, value.shape == .listOfTables, let last = value.elements.last { return last }
        throw TOMLSyntaxError(
            "\(key.quotedText) is no table, as it was given on line \(line(of: value.place))", at: key.place)
    }

    private mutating func keyAndValue(into table: TOMLPositions) throws(TOMLSyntaxError) {
        let keys = try keys()
        skipBlanks()
        guard take(UInt8(ascii: "=")) else { throw unexpected("`=` after the key") }
        skipBlanks()
        var table = table
        for key in keys.dropLast() { table = try step(into: key, of: table, mayEnterLists: false) }
        guard let key = keys.last else { return }
        if let first = table[key.bytes] {
            throw TOMLSyntaxError(
                "\(key.quotedText) is given twice, first on line \(line(of: first.place))", at: key.place)
        }
        let value = try value(in: table)
        table.add(TOMLPositions.Member(key: key.bytes, place: key.place, value: value))
    }

    // MARK: Values

    private mutating func value(in parent: TOMLPositions) throws(TOMLSyntaxError) -> TOMLPositions {
        let start = position
        switch peek() {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            _ = try string(mayHaveLines: true)
            return try child(.string, of: parent, at: start)
        case UInt8(ascii: "["): return try list(in: parent)
        case UInt8(ascii: "{"): return try inlineTable(in: parent)
        default:
            try bareValue()
            return try child(.bare, of: parent, at: start)
        }
    }

    private mutating func list(in parent: TOMLPositions) throws(TOMLSyntaxError) -> TOMLPositions {
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

    private mutating func inlineTable(in parent: TOMLPositions) throws(TOMLSyntaxError) -> TOMLPositions {
        let table = try child(.table, of: parent, at: position)
        position += 1
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

    private func child(
        _ shape: TOMLPositions.Shape, of parent: TOMLPositions, at place: Int
    ) throws(TOMLSyntaxError) -> TOMLPositions {
        guard parent.depth < TOMLScanner.maximumDepth else {
            throw TOMLSyntaxError(
                "tables and lists lie more than \(TOMLScanner.maximumDepth) deep in each other", at: place)
        }
        return TOMLPositions(shape, at: place, depth: parent.depth + 1)
    }
}
