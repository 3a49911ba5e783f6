import Formats

extension TOMLParser {
    /// Reads a value without quotes: a number, a truth value, a date or a time.
    mutating func bareValue() throws(TOMLSyntaxError) -> LocatedValue.Content {
        let start = position
        skipWord()
        if BareWord(bytes[start..<position]).isDate, peek() == 0x20, let next = peek(1),
            BareWord.isDigit(next)
        {
            // A date and a time may have one blank between them.
            position += 1
            skipWord()
        }
        let word = BareWord(bytes[start..<position])
        switch word.form {
        case .bool(let value): return .bool(value)
        case .integer:
            if let value = word.integer { return .integer(value) }
            throw TOMLSyntaxError(
                "\(quoted(rest(from: start))) does not fit in the 64 bits of an integer", at: start)
        case .float:
            if let value = word.float { return .float(value) }
            throw TOMLSyntaxError(
                "\(quoted(rest(from: start))) does not fit in the 64 bits of a float", at: start)
        case .date:
            if let value = word.dateTime { return .date(value) }
            throw TOMLSyntaxError("there is no date or time \(quoted(rest(from: start)))", at: start)
        case nil:
            let rest = rest(from: start)
            guard !rest.isEmpty else { throw unexpected("a value") }
            throw TOMLSyntaxError("\(quoted(rest)) is not a value", at: start, fix: "write text in quotes")
        }
    }

    private mutating func skipWord() {
        while let byte = peek(), BareWord.isWord(byte) { position += 1 }
    }

    /// The text up to a comma, a bracket, a comment or the end of the line, without blanks at its end.
    private func rest(from start: Int) -> String {
        var end = start
        while end < bytes.count, !",]}#\n\r".utf8.contains(bytes[end]) { end += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }
}

/// The grammar of TOML's values without quotes, taken from front to back, and the numbers they stand for.
struct BareWord {
    /// The forms that such a value has.
    enum Form { case bool(Bool), integer, float, date }

    /// What was not taken yet.
    private(set) var rest: ArraySlice<UInt8>

    /// Takes the bytes of one value, without the blanks around it.
    init(_ word: ArraySlice<UInt8>) { rest = word }

    /// Whether the byte is one of ASCII's decimal digits.
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

    /// What it is, or `nil` where it follows no form.
    var form: Form? {
        if rest.isText("true") { return .bool(true) }
        if rest.isText("false") { return .bool(false) }
        if matches({ $0.takeInteger() }) { return .integer }
        if matches({ $0.takeFloat() }) { return .float }
        return isDateTime ? .date : nil
    }

    /// The value of what has the form of an integer; `nil` where 64 bits do not hold it.
    var integer: Int? {
        let text = digits
        for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] where text.utf8.starts(with: prefix.utf8) {
            return Int(text.dropFirst(2), radix: radix)
        }
        return Int(text)
    }

    /// The value of what has the form of a float; `nil` where a number is past the largest float.
    var float: Double? {
        guard let value = Double(digits) else { return nil }
        return value.isInfinite && !rest.contains(UInt8(ascii: "f")) ? nil : value
    }

    private var digits: String { String(decoding: rest.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self) }

    // MARK: Taking

    private func matches(_ take: (inout BareWord) -> Bool) -> Bool {
        var copy = self
        return take(&copy) && copy.rest.isEmpty
    }

    /// Whether nothing is left.
    var isTaken: Bool { rest.isEmpty }

    /// Takes this text; `false`, and nothing taken, if something else follows.
    mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    /// Takes so many digits as a number; `nil`, and nothing taken, if there are fewer.
    mutating func takeNumber(digits count: Int) -> Int? {
        let digits = rest.prefix(count)
        guard digits.count == count, digits.allSatisfy(BareWord.isDigit) else { return nil }
        rest = rest.dropFirst(count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// Takes the digits that follow.
    mutating func takeRun() -> ArraySlice<UInt8> {
        let run = rest.prefix(while: BareWord.isDigit)
        rest = rest.dropFirst(run.count)
        return run
    }

    private mutating func takeSign() { if !take("+") { _ = take("-") } }

    /// Takes digits with single underscores between them.
    private mutating func takeDigits(_ isDigit: (UInt8) -> Bool = BareWord.isDigit) -> Bool {
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
}
