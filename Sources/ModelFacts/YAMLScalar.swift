import Formats

/// What a plain scalar of YAML 1.1 is, as PyYAML's `safe_load` takes it (`resolver.py`, `constructor.py`): `no` is
/// `false`, `1:30` is 90. Dates stay text.
enum YAMLScalar {
    /// The value of a scalar without quotes and tag.
    static func value(_ text: String) -> JSON {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": return .bool(true)
        case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": return .bool(false)
        default: break
        }
        var bytes = Array(text.utf8)[...]
        guard let first = bytes.first, first < 0x3A, first >= 0x2B else { return .string(text) }
        let isSigned = first == UInt8(ascii: "-") || first == UInt8(ascii: "+")
        if isSigned { bytes = bytes.dropFirst() }
        let sign: Double = first == UInt8(ascii: "-") ? -1 : 1
        return special(bytes, isSigned, sign) ?? float(bytes, isSigned, sign)
            ?? integer(bytes, isNegative: sign < 0) ?? .string(text)
    }

    /// Whether PyYAML makes a date of a scalar without quotes and tag (`resolver.py`): `2024-01-02`, or with a time of
    /// day behind `T` or spaces, a fraction and a zone.
    static func isTimestamp(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        func take(_ count: ClosedRange<Int>) -> Bool {
            let found = rest.prefix(count.upperBound).prefix(while: isDigit).count
            guard count.contains(found) else { return false }
            rest = rest.dropFirst(found)
            return true
        }
        func take(_ mark: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: mark) else { return false }
            rest = rest.dropFirst()
            return true
        }
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
        guard take(4...4), take("-") else { return false }
        let day = rest
        if take(2...2), take("-"), take(2...2), rest.isEmpty { return true }
        rest = day
        guard take(1...2), take("-"), take(1...2) else { return false }
        if !take("T"), !take("t") {
            guard let first = rest.first, isBlank(first) else { return false }
            rest = rest.drop(while: isBlank)
        }
        guard take(1...2), take(":"), take(2...2), take(":"), take(2...2) else { return false }
        if take(".") { rest = rest.drop(while: isDigit) }
        rest = rest.drop(while: isBlank)
        if rest.isEmpty || (take("Z") && rest.isEmpty) { return true }
        guard take("+") || take("-"), take(1...2) else { return false }
        return rest.isEmpty || (take(":") && take(2...2) && rest.isEmpty)
    }

    private static func special(_ bytes: ArraySlice<UInt8>, _ isSigned: Bool, _ sign: Double) -> JSON? {
        switch String(decoding: bytes, as: UTF8.self) {
        case ".inf", ".Inf", ".INF": .number(sign * .infinity)
        case ".nan", ".NaN", ".NAN": isSigned ? nil : .number(.nan)
        default: nil
        }
    }

    /// A number with a point: `1.5`, `1_000.`, `.5`, `1.5e+3` (an exponent has a sign), `1:30.5`.
    private static func float(_ bytes: ArraySlice<UInt8>, _ isSigned: Bool, _ sign: Double) -> JSON? {
        guard let point = bytes.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        let whole = bytes[..<point]
        let rest = bytes[(point + 1)...]
        if whole.contains(UInt8(ascii: ":")) {
            guard rest.allSatisfy(isDigitOrLine), let parts = sexagesimal(whole) else { return nil }
            let last = Double("0." + digits(rest) + "0") ?? 0
            return .number(sign * (parts.reduce(0) { $0 * 60 + $1 } + last))
        }
        let end = rest.firstIndex { !isDigitOrLine($0) } ?? rest.endIndex
        let fraction = rest[..<end]
        if whole.isEmpty {
            guard !isSigned, let first = fraction.first, isDigit(first) else { return nil }
        } else {
            guard let first = whole.first, isDigit(first), whole.allSatisfy(isDigitOrLine) else { return nil }
        }
        guard let exponent = exponent(rest[end...]) else { return nil }
        return Double("0\(digits(whole)).\(digits(fraction))0e\(exponent)").map { .number(sign * $0) }
    }

    private static func exponent(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let letter = bytes.first else { return "0" }
        let number = bytes.dropFirst()
        guard letter | 0x20 == UInt8(ascii: "e"), let sign = number.first,
            sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+"), number.count > 1,
            number.dropFirst().allSatisfy(isDigit)
        else { return nil }
        return String(decoding: number, as: UTF8.self)
    }

    /// A whole number: `10`, `1_000`, `0x1F`, `017`, `0b11`, `1:30`.
    private static func integer(_ bytes: ArraySlice<UInt8>, isNegative: Bool) -> JSON? {
        guard let first = bytes.first, isDigit(first) else { return nil }
        if bytes.count == 1 { return .integer((isNegative ? -1 : 1) * Int(first - UInt8(ascii: "0"))) }
        if first != UInt8(ascii: "0") {
            if bytes.allSatisfy(isDigitOrLine) { return number(digits(bytes), radix: 10, isNegative) }
            guard let parts = sexagesimal(bytes) else { return nil }
            let sum = (isNegative ? -1 : 1) * parts.reduce(0) { $0 * 60 + $1 }
            return Int(exactly: sum).map { .integer($0) } ?? .number(sum)
        }
        let second = bytes[bytes.startIndex + 1]
        let prefix = second == UInt8(ascii: "x") || second == UInt8(ascii: "b") ? 2 : 1
        let radix = prefix == 1 ? 8 : second == UInt8(ascii: "x") ? 16 : 2
        let rest = bytes.dropFirst(prefix)
        let isNumber = rest.allSatisfy {
            $0 == UInt8(ascii: "_") || Character(Unicode.Scalar($0)).hexDigitValue ?? 16 < radix
        }
        guard isNumber, !rest.isEmpty else { return nil }
        return number(prefix == 1 ? "0" + digits(rest) : digits(rest), radix: radix, isNegative)
    }

    private static func number(_ digits: String, radix: Int, _ isNegative: Bool) -> JSON? {
        if let number = Int(isNegative ? "-\(digits)" : digits, radix: radix) { return .integer(number) }
        guard !digits.isEmpty else { return nil }
        if radix == 10, let size = Double(digits) { return .number(isNegative ? -size : size) }
        let size = digits.utf8.reduce(0.0) {
            $0 * Double(radix) + Double(Character(Unicode.Scalar($1)).hexDigitValue ?? 0)
        }
        return .number(isNegative ? -size : size)
    }

    /// The parts of a number to the base of 60, the first of any size.
    private static func sexagesimal(_ bytes: ArraySlice<UInt8>) -> [Double]? {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count >= 2, let first = parts[0].first, isDigit(first), parts[0].allSatisfy(isDigitOrLine)
        else { return nil }
        for part in parts.dropFirst() {
            guard part.count == 1 || (part.count == 2 && part.first ?? 0 < UInt8(ascii: "6")),
                part.allSatisfy(isDigit)
            else { return nil }
        }
        return parts.map { Double(digits($0)) ?? 0 }
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isDigitOrLine(_ byte: UInt8) -> Bool { isDigit(byte) || byte == UInt8(ascii: "_") }

    /// The text without underscores.
    private static func digits(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }
}
