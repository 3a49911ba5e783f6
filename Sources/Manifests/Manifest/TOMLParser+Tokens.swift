extension TOMLParser {
    /// One part of a key.
    struct Key {
        /// The key's bytes in UTF-8, its escapes resolved.
        let bytes: [UInt8]
        /// The offset of its first byte in the document: of the quotation mark, if it has one.
        let place: Int
        /// The key for messages.
        var text: String { String(decoding: bytes, as: UTF8.self) }
        /// The key for messages, in quotes.
        var quotedText: String { quoted(text) }
    }

    // MARK: Blanks

    /// The byte so many after the position, which is not moved; `nil` past the end.
    func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    /// Takes this byte; `false`, and nothing taken, if another one or the end follows.
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    /// Skips spaces and tabs, of which there may be none.
    mutating func skipBlanks() {
        while let byte = peek(), byte == 0x20 || byte == 0x09 { position += 1 }
    }

    /// Takes LF or CR LF; `false`, and nothing taken, if neither follows. A CR alone is no newline.
    mutating func takeNewline() -> Bool {
        if take(UInt8(ascii: "\n")) { return true }
        guard peek() == UInt8(ascii: "\r"), peek(1) == UInt8(ascii: "\n") else { return false }
        position += 2
        return true
    }

    /// Skips a comment up to its newline and notes its place; what is no comment is left.
    mutating func skipComment() throws(TOMLSyntaxError) {
        let place = position
        guard take(UInt8(ascii: "#")) else { return }
        comments.insert(place)
        while let byte = peek(), byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\r"), peek(1) == UInt8(ascii: "\n") { return }
            guard !isControl(byte) else { throw unexpected("no control character in a comment") }
            position += 1
        }
    }

    /// Skips blanks, newlines and comments.
    mutating func skipBlankLines() throws(TOMLSyntaxError) {
        while true {
            skipBlanks()
            try skipComment()
            guard takeNewline() else { return }
        }
    }

    /// Control characters but the tab, which TOML allows nowhere.
    func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }

    // MARK: Messages

    /// The error that something else than `expected` stands at the position.
    func unexpected(_ expected: String) -> TOMLSyntaxError {
        TOMLSyntaxError("expected \(expected), found \(found)", at: position)
    }

    /// What stands at the position, in words.
    private var found: String {
        guard let byte = peek() else { return "the end of the file" }
        if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") && peek(1) == UInt8(ascii: "\n") {
            return "the end of the line"
        }
        let rest = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self)
        guard let scalar = rest.unicodeScalars.first else { return "the end of the file" }
        return scalar == "\"" ? "a quotation mark" : quoted(String(scalar))
    }

    /// The line of a place, from 1, for "first on line 3".
    func line(of place: Int) -> Int {
        bytes[..<min(place, bytes.count)].reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    }

    // MARK: Keys

    /// A key or the parts of a dotted one; never empty.
    mutating func keys() throws(TOMLSyntaxError) -> [Key] {
        var keys = [try key()]
        while true {
            let end = position
            skipBlanks()
            guard take(UInt8(ascii: ".")) else {
                position = end
                return keys
            }
            skipBlanks()
            keys.append(try key())
        }
    }

    private mutating func key() throws(TOMLSyntaxError) -> Key {
        let start = position
        if let byte = peek(), byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
            return Key(bytes: try string(mayHaveLines: false), place: start)
        }
        while let byte = peek(), TOMLParser.isBareKey(byte) { position += 1 }
        guard position > start else { throw unexpected("a key") }
        if let byte = peek(), byte >= 0x80 {
            throw unexpected("ASCII letters, digits, '-' and '_' in a key without quotes")
        }
        return Key(bytes: Array(bytes[start..<position]), place: start)
    }

    private static func isBareKey(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
