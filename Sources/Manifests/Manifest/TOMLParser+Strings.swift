extension TOMLParser {
    /// Reads a string of any kind at its opening quote and gives its content.
    mutating func string(mayHaveLines: Bool) throws(TOMLSyntaxError) -> [UInt8] {
        let start = position
        let quote = bytes[position]
        position += 1
        guard peek() == quote, peek(1) == quote else {
            return try quote == UInt8(ascii: "\"") ? basicString(from: start) : literalString(from: start)
        }
        position += 2
        guard mayHaveLines else {
            throw TOMLSyntaxError("a key must not be a string of several lines", at: start)
        }
        return try multiLineString(quote, from: start)
    }

    private mutating func basicString(from start: Int) throws(TOMLSyntaxError) -> [UInt8] {
        var text: [UInt8] = []
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return text
            case UInt8(ascii: "\\"): try escape(into: &text)
            default:
                try refuseControl(byte, from: start)
                text.append(byte)
                position += 1
            }
        }
        throw notClosed(from: start)
    }

    private mutating func literalString(from start: Int) throws(TOMLSyntaxError) -> [UInt8] {
        var text: [UInt8] = []
        while let byte = peek() {
            position += 1
            if byte == UInt8(ascii: "'") { return text }
            position -= 1
            try refuseControl(byte, from: start)
            text.append(byte)
            position += 1
        }
        throw notClosed(from: start)
    }

    private mutating func multiLineString(
        _ quote: UInt8, from start: Int
    ) throws(TOMLSyntaxError) -> [UInt8] {
        var text: [UInt8] = []
        _ = takeNewline()
        while let byte = peek() {
            if byte == quote {
                // Up to two quotes may stand before the three that close.
                var run = 1
                while run < 5, peek(run) == quote { run += 1 }
                position += run
                if run >= 3 { return text + [UInt8](repeating: quote, count: run - 3) }
                text += [UInt8](repeating: quote, count: run)
            } else if takeNewline() {
                text.append(UInt8(ascii: "\n"))
            } else if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                if try !lineContinuation() { try escape(into: &text) }
            } else {
                guard !isControl(byte) else { throw unexpected("no control character in a string") }
                text.append(byte)
                position += 1
            }
        }
        throw notClosed(from: start)
    }

    /// Skips a backslash at a line's end and the blanks and newlines after it, if there is one.
    private mutating func lineContinuation() throws(TOMLSyntaxError) -> Bool {
        let start = position
        position += 1
        skipBlanks()
        guard takeNewline() else {
            guard position == start + 1 else {
                throw TOMLSyntaxError("a backslash before a blank must end its line", at: start)
            }
            position = start
            return false
        }
        while true {
            skipBlanks()
            guard takeNewline() else { break }
        }
        return true
    }

    private mutating func escape(into text: inout [UInt8]) throws(TOMLSyntaxError) {
        let start = position
        position += 2
        switch position <= bytes.count ? bytes[position - 1] : 0 {
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "\""): text.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): text.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "u"): text += try unicodeEscape(digits: 4, from: start)
        case UInt8(ascii: "U"): text += try unicodeEscape(digits: 8, from: start)
        default:
            position = start
            throw TOMLSyntaxError(
                "unknown escape in a string; known are \\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX \\UXXXXXXXX",
                at: start, fix: "write text with backslashes in single quotes")
        }
    }

    private mutating func unicodeEscape(digits: Int, from start: Int) throws(TOMLSyntaxError) -> [UInt8] {
        var value: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = peek(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("\(digits) hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        guard let scalar = Unicode.Scalar(value) else {
            throw TOMLSyntaxError("there is no such Unicode character", at: start)
        }
        return Array(String(scalar).utf8)
    }

    private func refuseControl(_ byte: UInt8, from start: Int) throws(TOMLSyntaxError) {
        guard isControl(byte) else { return }
        if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { throw notClosed(from: start) }
        throw unexpected("no control character in a string")
    }

    private func notClosed(from start: Int) -> TOMLSyntaxError {
        TOMLSyntaxError("the string that starts here is not closed", at: start)
    }
}
