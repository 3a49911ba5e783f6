extension JSON {
    /// Reads one JSON document (RFC 8259) that fills `bytes` but for white space around it.
    ///
    /// A byte order mark is refused. Duplicate names in an object are *not* an error.
    /// - Parameters:
    ///   - maximumDepth: how deep arrays and objects may nest; deeper is an error, so that no input can
    ///     exhaust the stack.
    ///   - nonFinite: whether `NaN`, `Infinity` and `-Infinity`, which RFC 8259 does not have, are read as
    ///     numbers too: Python's `json` writes them, and some `config.json` files hold them.
    package static func parse(
        _ bytes: Span<UInt8>, maximumDepth: Int = 128, nonFinite: Bool = false
    ) throws(FormatError) -> JSON {
        var cursor = JSONCursor(depthLeft: maximumDepth, nonFinite: nonFinite)
        cursor.skipWhiteSpace(bytes)
        let value = try cursor.value(bytes)
        cursor.skipWhiteSpace(bytes)
        guard cursor.position == bytes.count else {
            throw FormatError("expected the end of the JSON document", at: cursor.position)
        }
        return value
    }

    /// Reads one JSON document from an array of bytes, by the same rules.
    package static func parse(
        _ bytes: [UInt8], maximumDepth: Int = 128, nonFinite: Bool = false
    ) throws(FormatError) -> JSON {
        try parse(bytes.span, maximumDepth: maximumDepth, nonFinite: nonFinite)
    }
}

/// Where a recursive descent through a document stands; the bytes stay with the caller.
package struct JSONCursor {
    /// The next byte to read.
    package private(set) var position: Int
    private var depthLeft: Int
    private let nonFinite: Bool
    private let strict: Bool

    /// - Parameters:
    ///   - position: where to start.
    ///   - depthLeft: how many arrays and objects may nest.
    ///   - nonFinite: whether `NaN`, `Infinity` and `-Infinity` are numbers.
    ///   - strict: whether a lone surrogate and a number past the range of `Double` are errors, as in
    ///     Rust's serde_json, where Python replaces the one by a lone surrogate and the other by infinity.
    package init(position: Int = 0, depthLeft: Int, nonFinite: Bool = false, strict: Bool = false) {
        self.position = position
        self.depthLeft = depthLeft
        self.nonFinite = nonFinite
        self.strict = strict
    }

    /// Steps over blanks, tabs and line ends.
    package mutating func skipWhiteSpace(_ bytes: Span<UInt8>) {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// Reads the value that starts here.
    package mutating func value(_ bytes: Span<UInt8>) throws(FormatError) -> JSON {
        guard position < bytes.count else { throw endOfData(bytes) }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try nested { (me) throws(FormatError) in try me.object(bytes) }
        case UInt8(ascii: "["): return try nested { (me) throws(FormatError) in try me.array(bytes) }
        case UInt8(ascii: "\""): return .string(try string(bytes))
        case UInt8(ascii: "t"): return try word("true", .bool(true), bytes)
        case UInt8(ascii: "f"): return try word("false", .bool(false), bytes)
        case UInt8(ascii: "n"): return try word("null", .null, bytes)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number(bytes)
        case UInt8(ascii: "N") where nonFinite: return try word("NaN", .number(.nan), bytes)
        case UInt8(ascii: "I") where nonFinite: return try word("Infinity", .number(.infinity), bytes)
        default: throw FormatError("expected a JSON value", at: position)
        }
    }

    /// Reads a value by the same rules and makes nothing of it, so that a large one needs no memory.
    package mutating func skipValue(_ bytes: Span<UInt8>) throws(FormatError) {
        switch next(bytes) {
        case UInt8(ascii: "{"):
            try nested { (me) throws(FormatError) in
                try me.eachMember(bytes) { (me, _, _) throws(FormatError) in try me.skipValue(bytes) }
            }
        case UInt8(ascii: "["):
            try nested { (me) throws(FormatError) in
                try me.eachElement(bytes) { (me) throws(FormatError) in try me.skipValue(bytes) }
            }
        default: _ = try value(bytes)
        }
    }

    /// The next byte, or `nil` at the end.
    package func next(_ bytes: Span<UInt8>) -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    /// Runs `body` one level deeper, if that is allowed.
    package mutating func nested<Result>(
        _ body: (inout JSONCursor) throws(FormatError) -> Result
    ) throws(FormatError) -> Result {
        guard depthLeft > 0 else { throw FormatError("JSON nested too deeply", at: position) }
        depthLeft -= 1
        defer { depthLeft += 1 }
        return try body(&self)
    }

    private mutating func object(_ bytes: Span<UInt8>) throws(FormatError) -> JSON {
        var members: [JSON.Member] = []
        try eachMember(bytes) { (me, key, _) throws(FormatError) in
            // Most objects of the documents that are large have about so many: growing by doubling costs more.
            if members.isEmpty { members.reserveCapacity(8) }
            members.append(JSON.Member(key, try me.value(bytes)))
        }
        return .object(members)
    }

    private mutating func array(_ bytes: Span<UInt8>) throws(FormatError) -> JSON {
        var elements: [JSON] = []
        try eachElement(bytes) { (me) throws(FormatError) in elements.append(try me.value(bytes)) }
        return .array(elements)
    }

    /// Reads an object, of which `body` reads each member's value after being told its name and the place
    /// of the name.
    package mutating func eachMember(
        _ bytes: Span<UInt8>,
        _ body: (inout JSONCursor, _ name: String, _ nameStart: Int) throws(FormatError) -> Void
    ) throws(FormatError) {
        guard take(UInt8(ascii: "{"), bytes) else { throw FormatError("expected an object", at: position) }
        skipWhiteSpace(bytes)
        if take(UInt8(ascii: "}"), bytes) { return }
        while true {
            skipWhiteSpace(bytes)
            let start = position
            let name = try quotedString(bytes, "expected a member's name in quotes")
            skipWhiteSpace(bytes)
            guard position < bytes.count else { throw endOfData(bytes) }
            guard take(UInt8(ascii: ":"), bytes) else { throw FormatError("expected ':'", at: position) }
            skipWhiteSpace(bytes)
            try body(&self, name, start)
            skipWhiteSpace(bytes)
            if take(UInt8(ascii: ","), bytes) { continue }
            if take(UInt8(ascii: "}"), bytes) { return }
            throw position < bytes.count
                ? FormatError("expected ',' or '}'", at: position) : endOfData(bytes)
        }
    }

    /// Reads an array, of which `body` reads each element.
    package mutating func eachElement(
        _ bytes: Span<UInt8>, _ body: (inout JSONCursor) throws(FormatError) -> Void
    ) throws(FormatError) {
        guard take(UInt8(ascii: "["), bytes) else { throw FormatError("expected an array", at: position) }
        skipWhiteSpace(bytes)
        if take(UInt8(ascii: "]"), bytes) { return }
        while true {
            skipWhiteSpace(bytes)
            try body(&self)
            skipWhiteSpace(bytes)
            if take(UInt8(ascii: ","), bytes) { continue }
            if take(UInt8(ascii: "]"), bytes) { return }
            throw position < bytes.count
                ? FormatError("expected ',' or ']'", at: position) : endOfData(bytes)
        }
    }

    /// Reads a string, or throws `message` where something else stands.
    package mutating func quotedString(_ bytes: Span<UInt8>, _ message: String) throws(FormatError) -> String
    {
        guard position < bytes.count else { throw endOfData(bytes) }
        guard bytes[position] == UInt8(ascii: "\"") else { throw FormatError(message, at: position) }
        return try string(bytes)
    }

    /// Steps over `byte` where it is the next one.
    package mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func word(
        _ text: StaticString, _ value: JSON, _ bytes: Span<UInt8>
    ) throws(FormatError) -> JSON {
        let start = position
        let name = text.description
        for byte in name.utf8 {
            guard take(byte, bytes) else { throw FormatError("expected '\(name)'", at: start) }
        }
        return value
    }

    /// The error of a document that ends where it may not.
    package func endOfData(_ bytes: Span<UInt8>) -> FormatError {
        FormatError("the JSON document ends too early", at: bytes.count)
    }

    // MARK: Numbers

    private mutating func number(_ bytes: Span<UInt8>) throws(FormatError) -> JSON {
        let start = position
        let negative = take(UInt8(ascii: "-"), bytes)
        if negative, nonFinite, position < bytes.count, bytes[position] == UInt8(ascii: "I") {
            return try word("Infinity", .number(-.infinity), bytes)
        }
        let firstDigit = position
        var magnitude: UInt64 = 0
        var fits = true
        while position < bytes.count, let digit = decimalDigit(bytes[position]) {
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            fits = fits && !overflow && !carry
            magnitude = sum
            position += 1
        }
        guard position > firstDigit else { throw FormatError("expected a digit", at: position) }
        if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 {
            throw FormatError("a number must not start with 0", at: firstDigit)
        }
        var isInteger = true
        if take(UInt8(ascii: "."), bytes) {
            isInteger = false
            try digits(bytes)
        }
        if take(UInt8(ascii: "e"), bytes) || take(UInt8(ascii: "E"), bytes) {
            isInteger = false
            if !take(UInt8(ascii: "+"), bytes) { _ = take(UInt8(ascii: "-"), bytes) }
            try digits(bytes)
        }
        if isInteger, fits {
            if !negative, let value = Int(exactly: magnitude) { return .integer(value) }
            if negative, magnitude <= UInt64(Int.max) { return .integer(-Int(magnitude)) }
            if negative, magnitude == UInt64(Int.max) + 1 { return .integer(Int.min) }
        }
        let text = String(copying: bytes, start..<position)
        guard let value = Double(text) else { throw FormatError("not a number", at: start) }
        if strict, !value.isFinite { throw FormatError("a number is out of range", at: start) }
        return .number(value)
    }

    private mutating func digits(_ bytes: Span<UInt8>) throws(FormatError) {
        let start = position
        while position < bytes.count, decimalDigit(bytes[position]) != nil { position += 1 }
        guard position > start else { throw FormatError("expected a digit", at: position) }
    }

    private func decimalDigit(_ byte: UInt8) -> UInt8? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? byte - UInt8(ascii: "0") : nil
    }

    // MARK: Strings

    private mutating func string(_ bytes: Span<UInt8>) throws(FormatError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let text = try validated(bytes, start..<position)
                position += 1
                return text
            case UInt8(ascii: "\\"): return try escapedString(bytes, from: start)
            case 0..<0x20: throw FormatError("a control character in a string must be escaped", at: position)
            default: position += 1
            }
        }
        throw endOfData(bytes)
    }

    /// The slow path, taken at the first backslash of a string that starts at `start`.
    private mutating func escapedString(_ bytes: Span<UInt8>, from start: Int) throws(FormatError) -> String {
        var text: [UInt8] = []
        for index in start..<position { text.append(bytes[index]) }
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return try validated(text.span, 0..<text.count, offset: start)
            case UInt8(ascii: "\\"): try escape(bytes, into: &text)
            case 0..<0x20:
                throw FormatError("a control character in a string must be escaped", at: position - 1)
            default: text.append(byte)
            }
        }
        throw endOfData(bytes)
    }

    private mutating func escape(_ bytes: Span<UInt8>, into text: inout [UInt8]) throws(FormatError) {
        guard position < bytes.count else { throw endOfData(bytes) }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): text.append(contentsOf: Array(String(try unicodeEscape(bytes)).utf8))
        default: throw FormatError("unknown escape in a string", at: position - 1)
        }
    }

    /// One `\uXXXX`, or two that form a surrogate pair; a lone surrogate becomes U+FFFD, because Swift's
    /// strings cannot hold it and Python's `json` accepts it.
    private mutating func unicodeEscape(_ bytes: Span<UInt8>) throws(FormatError) -> Unicode.Scalar {
        let start = position - 2
        let first = try fourHexDigits(bytes)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), position + 1 < bytes.count,
            bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        else { return try loneSurrogate(start) }
        let resume = position
        position += 2
        let second = try fourHexDigits(bytes)
        guard (0xDC00..<0xE000).contains(second) else {
            position = resume
            return try loneSurrogate(start)
        }
        let value = 0x10000 + ((UInt32(first) - 0xD800) << 10) + (UInt32(second) - 0xDC00)
        guard let scalar = Unicode.Scalar(value) else { return try loneSurrogate(start) }
        return scalar
    }

    private func loneSurrogate(_ start: Int) throws(FormatError) -> Unicode.Scalar {
        if strict { throw FormatError("half of a surrogate pair in a string", at: start) }
        return "\u{FFFD}"
    }

    private mutating func fourHexDigits(_ bytes: Span<UInt8>) throws(FormatError) -> UInt16 {
        guard bytes.count - position >= 4 else { throw endOfData(bytes) }
        var value: UInt16 = 0
        for _ in 0..<4 {
            let byte = bytes[position]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw FormatError("expected four hexadecimal digits", at: position)
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    private func validated(
        _ bytes: Span<UInt8>, _ range: Range<Int>, offset: Int? = nil
    ) throws(FormatError) -> String {
        guard let text = String(validating: bytes, range) else {
            throw FormatError("a string is not valid UTF-8", at: offset ?? range.lowerBound)
        }
        return text
    }
}
