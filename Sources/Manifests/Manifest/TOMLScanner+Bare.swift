extension TOMLScanner {
    /// Reads a value without quotes: a number, a truth value, a date or a time.
    mutating func bareValue() throws(TOMLSyntaxError) {
        let start = position
        skipWord()
        let isDate = BareValue(bytes[start..<position]).isDate
        if isDate, peek() == 0x20, let next = peek(1), BareValue.isDigit(next) {
            // A date and a time may have one blank between them.
            position += 1
            skipWord()
        }
        let word = bytes[start..<position]
        guard BareValue(word).form != nil else {
            let rest = rest(from: start)
            guard !rest.isEmpty else { throw unexpected("a value") }
            throw TOMLSyntaxError("\(quoted(rest)) is no value", at: start, fix: "write text in quotes")
        }
        // toml++ keeps 127 characters of a number.
        guard word.count <= 100 else {
            throw TOMLSyntaxError("the number has more than 100 characters", at: start)
        }
    }

    private mutating func skipWord() {
        while let byte = peek(), BareValue.isWord(byte) { position += 1 }
    }

    /// The text up to a comma, a bracket, a comment or the end of the line, without blanks at its end.
    private func rest(from start: Int) -> String {
        var end = start
        while end < bytes.count, !",]}#\n\r".utf8.contains(bytes[end]) { end += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}

/// The grammar of TOML's values without quotes.
struct BareValue {
    /// The forms that such a value has.
    enum Form { case bool, integer, float, date }

    private var rest: ArraySlice<UInt8>

    init(_ word: ArraySlice<UInt8>) { rest = word }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// Whether the byte can be part of such a value.
    static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: ":"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Whether all of it is a date without a time.
    var isDate: Bool { matches { $0.takeDate() } }

    /// What it is, or `nil` where it follows no form.
    var form: Form? {
        if rest.elementsEqual("true".utf8) || rest.elementsEqual("false".utf8) { return .bool }
        if matches({ $0.takeInteger() }) { return .integer }
        if matches({ $0.takeFloat() }) { return .float }
        if isDate || matches({ $0.takeTime() }) || matches({ $0.takeDateAndTime() }) { return .date }
        return nil
    }

    private func matches(_ take: (inout BareValue) -> Bool) -> Bool {
        var copy = self
        return take(&copy) && copy.rest.isEmpty
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func takeSign() { if !take("+") { _ = take("-") } }

    /// Takes digits with single underscores between them.
    private mutating func takeDigits(_ isDigit: (UInt8) -> Bool = BareValue.isDigit) -> Bool {
        guard let first = rest.first, isDigit(first) else { return false }
        while let byte = rest.first {
            if isDigit(byte) {
                rest = rest.dropFirst()
            } else if byte == UInt8(ascii: "_"), let next = rest.dropFirst().first, isDigit(next) {
                rest = rest.dropFirst()
            } else {
                break
            }
        }
        return true
    }

    private mutating func takeDecimal() -> Bool {
        takeSign()
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let count = rest.count
        guard takeDigits() else { return false }
        return !startsWithZero || count - rest.count == 1
    }

    private mutating func takeInteger() -> Bool {
        if take("0x") { return takeDigits { Character(Unicode.Scalar($0)).isHexDigit } }
        if take("0o") { return takeDigits { (0x30...0x37).contains($0) } }
        if take("0b") { return takeDigits { (0x30...0x31).contains($0) } }
        return takeDecimal()
    }

    private mutating func takeFloat() -> Bool {
        var special = self
        special.takeSign()
        if special.take("inf") || special.take("nan") {
            self = special
            return true
        }
        guard takeDecimal() else { return false }
        if take("."), !takeDigits() { return false }
        if take("e") || take("E") {
            takeSign()
            return takeDigits()
        }
        return true
    }

    private mutating func takeDigits(exactly count: Int) -> Bool {
        guard rest.prefix(count).count == count, rest.prefix(count).allSatisfy(BareValue.isDigit) else {
            return false
        }
        rest = rest.dropFirst(count)
        return true
    }

    private mutating func takeDate() -> Bool {
        takeDigits(exactly: 4) && take("-") && takeDigits(exactly: 2) && take("-") && takeDigits(exactly: 2)
    }

    private mutating func takeTime() -> Bool {
        guard takeDigits(exactly: 2), take(":"), takeDigits(exactly: 2), take(":"), takeDigits(exactly: 2)
        else { return false }
        guard take(".") else { return true }
        let count = rest.count
        rest = rest.drop(while: BareValue.isDigit)
        return rest.count < count
    }

    private mutating func takeDateAndTime() -> Bool {
        guard takeDate(), take("T") || take("t") || take(" "), takeTime() else { return false }
        guard take("+") || take("-") else { return rest.isEmpty || take("Z") || take("z") }
        return takeDigits(exactly: 2) && take(":") && takeDigits(exactly: 2)
    }
}
