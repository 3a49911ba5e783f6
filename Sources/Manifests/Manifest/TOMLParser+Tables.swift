/// Which tables a header and a dotted key may name: TOML defines every table at one place.
extension TOMLParser {
    /// Reads `[name]` or `[[name]]` and gives the table whose keys follow.
    mutating func header(in root: TOMLNode) throws(TOMLSyntaxError) -> TOMLNode {
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
        for key in keys.dropLast() { table = try tableAround(key, in: table) }
        guard let key = keys.last else { return table }
        return isList
            ? try appendTable(key, to: table, start: start) : try declare(key, in: table, start: start)
    }

    private func declare(
        _ key: Key, in table: TOMLNode, start: Int
    ) throws(TOMLSyntaxError) -> TOMLNode {
        guard let found = table[key.bytes]?.value else {
            let made = try make(key, in: table, .header)
            made.declare(at: start)
            return made
        }
        guard found.isTable else { throw noTable(key, found) }
        switch found.definition {
        case .implied:
            found.declare(at: start)
            return found
        case .header:
            throw TOMLSyntaxError(
                "the table [\(key.text)] is given twice, first on line \(line(of: found.place))", at: start)
        case .dotted:
            throw TOMLSyntaxError(
                "the table [\(key.text)] is given twice, first by a dotted key on line \(line(of: found.place))",
                at: start, fix: "write all of its keys at one of the two places")
        case .inline: throw complete(key, found)
        }
    }

    private func appendTable(
        _ key: Key, to table: TOMLNode, start: Int
    ) throws(TOMLSyntaxError) -> TOMLNode {
        let list: TOMLNode
        if let member = table[key.bytes] {
            list = member.value
        } else {
            list = try child(.listOfTables, of: table, at: start)
            table.add(TOMLNode.Member(key: key.bytes, place: key.place, value: list))
        }
        guard list.isListOfTables else {
            throw TOMLSyntaxError(
                "\(key.quotedText) is not an array of tables: line \(line(of: list.place)) makes it something else",
                at: key.place)
        }
        let element = try child(.table, of: list, at: start, definition: .header)
        list.add(element)
        return element
    }

    /// The table that a part of a header names before its last one; of an array of tables its last one.
    private func tableAround(_ key: Key, in table: TOMLNode) throws(TOMLSyntaxError) -> TOMLNode {
        guard let found = table[key.bytes]?.value else { return try make(key, in: table, .implied) }
        if found.isListOfTables, let last = found.elements.last { return last }
        guard found.isTable else { throw noTable(key, found) }
        guard found.definition != .inline else { throw complete(key, found) }
        return found
    }

    /// The table that a part of a dotted key names before its last one.
    func dottedTable(_ key: Key, in table: TOMLNode) throws(TOMLSyntaxError) -> TOMLNode {
        guard let found = table[key.bytes]?.value else { return try make(key, in: table, .dotted) }
        guard found.isTable else { throw noTable(key, found) }
        switch found.definition {
        case .implied: found.definition = .dotted
        case .dotted: break
        case .header:
            throw TOMLSyntaxError(
                "the table \(key.quotedText) has its header on line \(line(of: found.place)), so that a dotted key "
                    + "cannot add to it", at: key.place, fix: "write the key below that header")
        case .inline: throw complete(key, found)
        }
        return found
    }

    private func make(
        _ key: Key, in table: TOMLNode, _ definition: TOMLNode.Definition
    ) throws(TOMLSyntaxError) -> TOMLNode {
        let made = try child(.table, of: table, at: key.place, definition: definition)
        table.add(TOMLNode.Member(key: key.bytes, place: key.place, value: made))
        return made
    }

    private func noTable(_ key: Key, _ found: TOMLNode) -> TOMLSyntaxError {
        TOMLSyntaxError(
            "\(key.quotedText) is not a table: line \(line(of: found.place)) makes it something else",
            at: key.place)
    }

    private func complete(_ key: Key, _ found: TOMLNode) -> TOMLSyntaxError {
        TOMLSyntaxError(
            "\(key.quotedText) is an inline table, which is complete on line \(line(of: found.place))",
            at: key.place, fix: "write the key between its braces, or give it a header of its own")
    }
}
