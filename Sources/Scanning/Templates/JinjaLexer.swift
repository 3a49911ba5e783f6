/// A piece of a tag.
struct JinjaToken: Equatable {
    /// What a piece can be.
    enum Kind: Equatable {
        /// A name, or a word of the language such as `if` and `not`.
        case name(String)
        /// A string without its quotes, its escapes replaced.
        case text(String)
        /// An integer or a float, whose value is of no interest.
        case number
        /// An operator, a bracket or a comma.
        case sign(String)
    }

    /// What the piece is.
    let kind: Kind
    /// The line of the template, from 1.
    let line: Int
}

/// A tag with its tokens.
struct JinjaRawTag: Equatable {
    /// Whether it is `{{ … }}`; else it is `{% … %}`.
    let isOutput: Bool
    /// What stands between the delimiters, without their signs for blanks.
    let tokens: [JinjaToken]
    /// The line of the template on which the tag starts, from 1.
    let line: Int
}

/// Finds the tags of a template and their tokens, with the delimiters and the rules of Jinja 3
/// (https://jinja.palletsprojects.com/templates); refuses what is not certain.
struct JinjaLexer {
    private let bytes: [UInt8]
    private var position = 0
    private var line = 1

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The tags of a template in UTF-8, in their order, without comments and raw blocks.
    static func tags(of template: [UInt8]) throws(JinjaProblem) -> [JinjaRawTag] {
        var lexer = JinjaLexer(template)
        var tags: [JinjaRawTag] = []
        while let tag = try lexer.nextTag() {
            guard !tag.isOutput, tag.tokens == [JinjaToken(kind: .name("raw"), line: tag.line)] else {
                tags.append(tag)
                continue
            }
            try lexer.skipRaw()
        }
        return tags
    }

    private func problem(_ message: String) -> JinjaProblem { JinjaProblem(message: message, line: line) }

    private func peek(_ offset: Int = 0) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] == 0x0A { line += 1 }
            position += 1
        }
    }

    private mutating func nextTag() throws(JinjaProblem) -> JinjaRawTag? {
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "{"), let next = peek(1) else {
                advance()
                continue
            }
            switch next {
            case UInt8(ascii: "#"): try skipComment()
            case UInt8(ascii: "{"): return try tag(isOutput: true)
            case UInt8(ascii: "%"): return try tag(isOutput: false)
            default: advance()
            }
        }
        return nil
    }

    private mutating func skipComment() throws(JinjaProblem) {
        let start = line
        advance(2)
        while position < bytes.count, !starts(with: "#}") { advance() }
        guard position < bytes.count else {
            throw JinjaProblem(message: "has a comment without an end", line: start)
        }
        advance(2)
    }

    /// Skips to behind the tag that ends a raw block.
    private mutating func skipRaw() throws(JinjaProblem) {
        let start = line
        while position < bytes.count {
            guard starts(with: "{%") else {
                advance()
                continue
            }
            var probe = self
            probe.advance(2)
            if probe.peek().map({ "-+".utf8.contains($0) }) == true { probe.advance() }
            probe.skipBlanks()
            if probe.starts(with: "endraw") {
                probe.advance(6)
                probe.skipBlanks()
                if probe.peek().map({ "-+".utf8.contains($0) }) == true { probe.advance() }
                if probe.starts(with: "%}") {
                    probe.advance(2)
                    self = probe
                    return
                }
            }
            advance()
        }
        throw JinjaProblem(message: "has a raw block without an end", line: start)
    }

    private mutating func skipBlanks() {
        while let byte = peek(), byte == 0x20 || (0x09...0x0D).contains(byte) { advance() }
    }

    private mutating func tag(isOutput: Bool) throws(JinjaProblem) -> JinjaRawTag {
        let start = line
        advance(2)
        if let sign = peek(), sign == UInt8(ascii: "-") || (sign == UInt8(ascii: "+")) { advance() }
        let end = isOutput ? "}}" : "%}"
        var tokens: [JinjaToken] = []
        // Inside of brackets nothing ends a tag: a dictionary's braces may stand side by side.
        var brackets: [UInt8] = []
        while true {
            skipBlanks()
            guard let byte = peek() else {
                throw JinjaProblem(message: "has a tag without an end", line: start)
            }
            if brackets.isEmpty {
                if starts(with: end) {
                    advance(2)
                    return JinjaRawTag(isOutput: isOutput, tokens: tokens, line: start)
                }
                if starts(with: "-" + end) || (!isOutput && starts(with: "+" + end)) {
                    advance(3)
                    return JinjaRawTag(isOutput: isOutput, tokens: tokens, line: start)
                }
            }
            let place = line
            let kind = try token(byte, after: tokens.last, &brackets)
            tokens.append(JinjaToken(kind: kind, line: place))
        }
    }

    private mutating func token(
        _ byte: UInt8, after last: JinjaToken?, _ brackets: inout [UInt8]
    ) throws(JinjaProblem) -> JinjaToken.Kind {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\""): return .text(try text(quote: byte))
        case 0x30...0x39: return number(after: last)
        case UInt8(ascii: "_"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            let start = position
            while let byte = peek(), JinjaLexer.isWord(byte) { advance() }
            if let byte = peek(), byte >= 0x80 { throw problem("has a name with letters other than ASCII's") }
            return .name(String(decoding: bytes[start..<position], as: UTF8.self))
        default: break
        }
        for sign in ["//", "**", "==", "!=", ">=", "<="] where starts(with: sign) {
            advance(2)
            return .sign(sign)
        }
        guard "+-/*%~[](){}><=.:|,;".utf8.contains(byte) else {
            throw problem("has a character in a tag that Jinja does not know")
        }
        if "([{".utf8.contains(byte) { brackets.append(byte) }
        if ")]}".utf8.contains(byte) {
            let opening: [UInt8: UInt8] = [0x29: 0x28, 0x5D: 0x5B, 0x7D: 0x7B]
            guard brackets.popLast() == opening[byte] else {
                throw problem("has a bracket without its other half")
            }
        }
        advance()
        return .sign(String(UnicodeScalar(byte)))
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "_"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            0x30...0x39:
            true
        default: false
        }
    }

    private mutating func number(after last: JinjaToken?) -> JinjaToken.Kind {
        while let byte = peek(), JinjaLexer.isWord(byte) { advance() }
        // After a dot it is an index: `pair.0.1`.
        if last?.kind != .sign("."), peek() == UInt8(ascii: "."), let next = peek(1),
            (0x30...0x39).contains(next)
        {
            advance()
            while let byte = peek(), JinjaLexer.isWord(byte) { advance() }
        }
        let isExponent = position > 0 && [UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[position - 1])
        if isExponent, let sign = peek(), "+-".utf8.contains(sign), let next = peek(1),
            (0x30...0x39).contains(next)
        {
            advance()
            while let byte = peek(), JinjaLexer.isWord(byte) { advance() }
        }
        return .number
    }

    // MARK: Strings

    /// A string with Python's escapes replaced, as Jinja does before it uses it.
    private mutating func text(quote: UInt8) throws(JinjaProblem) -> String {
        let start = line
        advance()
        var result: [UInt8] = []
        while let byte = peek() {
            if byte == quote {
                advance()
                return String(decoding: result, as: UTF8.self)
            }
            advance()
            if byte == UInt8(ascii: "\\") {
                result += Array(String(String.UnicodeScalarView(try escape())).utf8)
            } else {
                result.append(byte)
            }
        }
        throw JinjaProblem(message: "has a string without an end", line: start)
    }

    /// What the escape stands for whose backslash was read; nothing for the end of a line.
    private mutating func escape() throws(JinjaProblem) -> [Unicode.Scalar] {
        guard let byte = peek() else { throw problem("has a string without an end") }
        advance()
        switch byte {
        case 0x0A: return []
        case UInt8(ascii: "a"): return ["\u{7}"]
        case UInt8(ascii: "b"): return ["\u{8}"]
        case UInt8(ascii: "f"): return ["\u{C}"]
        case UInt8(ascii: "n"): return ["\n"]
        case UInt8(ascii: "r"): return ["\r"]
        case UInt8(ascii: "t"): return ["\t"]
        case UInt8(ascii: "v"): return ["\u{B}"]
        case UInt8(ascii: "x"): return [try digits(2)]
        case UInt8(ascii: "u"): return [try digits(4)]
        case UInt8(ascii: "U"): return [try digits(8)]
        case UInt8(ascii: "N"): throw problem("names a character by \\N")
        case 0x30...0x37:
            var value = UInt32(byte &- 0x30)
            var count = 1
            while count < 3, let next = peek(), (0x30...0x37).contains(next) {
                value = value * 8 + UInt32(next &- 0x30)
                count += 1
                advance()
            }
            return [Unicode.Scalar(value) ?? "\u{FFFD}"]
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): return [Unicode.Scalar(byte)]
        default:
            // Python keeps the backslash of an escape that it does not know; the character's other bytes follow.
            position -= 1
            return ["\\"]
        }
    }

    private mutating func digits(_ count: Int) throws(JinjaProblem) -> Unicode.Scalar {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw problem("has a broken escape in a string")
            }
            value = value << 4 | UInt32(digit)
            advance()
        }
        guard let scalar = Unicode.Scalar(value) else { throw problem("has a broken escape in a string") }
        return scalar
    }
}
