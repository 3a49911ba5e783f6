/// Reads PEP 508's grammar from left to right. White space is a space or a tab.
struct RequirementReader {
    /// Parentheses may be nested this deep.
    static let deepest = 100

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    /// Begins at the first byte of a requirement.
    init(_ text: String) { bytes = Array(text.utf8) }

    /// The whole requirement.
    /// - Throws: where it is none; what follows it is an error, too.
    mutating func requirement() throws(RequirementError) -> Requirement {
        skipSpace()
        guard let name = identifier() else { throw expected("a package's name") }
        skipSpace()
        let extras = try extras()
        skipSpace()
        var url: String?
        var specifiers = SpecifierSet()
        if take("@") {
            skipSpace()
            let start = position
            while let byte = peek(), !RequirementReader.isSpace(byte) { position += 1 }
            guard position > start else { throw expected("a URL") }
            url = text(start..<position)
            let end = position
            skipSpace()
            guard position > end || isAtEnd else { throw expected("white space behind the URL") }
        } else {
            specifiers = try conditions()
            skipSpace()
        }
        var marker: Marker?
        if !isAtEnd {
            guard take(";") else { throw expected("a comma, a semicolon or the end") }
            marker = try self.marker()
            skipSpace()
            guard isAtEnd else { throw expected("and, or, or the end") }
        }
        return Requirement(name: name, extras: extras, specifiers: specifiers, url: url, marker: marker)
    }

    // MARK: Extras and versions

    private mutating func extras() throws(RequirementError) -> [String] {
        guard take("[") else { return [] }
        var extras: [String] = []
        skipSpace()
        if let first = identifier() {
            extras.append(first)
            skipSpace()
            while take(",") {
                skipSpace()
                guard let next = identifier() else { throw expected("an extra's name") }
                extras.append(next)
                skipSpace()
            }
        }
        guard take("]") else { throw expected("a comma or ]") }
        return extras
    }

    private mutating func conditions() throws(RequirementError) -> SpecifierSet {
        let isEnclosed = take("(")
        skipSpace()
        var specifiers: [VersionSpecifier] = []
        while let comparison = comparison() {
            while let byte = peek(), byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
            let start = position
            while let byte = peek(), !RequirementReader.isSpace(byte), !",;)".utf8.contains(byte) {
                position += 1
            }
            guard let specifier = VersionSpecifier(comparison, text(start..<position)) else {
                position = start
                throw expected("a version that \(comparison.rawValue) takes")
            }
            specifiers.append(specifier)
            skipSpace()
            guard take(",") else { break }
            skipSpace()
        }
        skipSpace()
        if isEnclosed, !take(")") { throw expected(")") }
        return SpecifierSet(specifiers)
    }

    private mutating func comparison() -> VersionSpecifier.Operator? {
        VersionSpecifier.Operator.allCases.first { take($0.rawValue) }
    }

    // MARK: Markers

    /// Terms joined by "and" and "or"; "and" binds closer.
    mutating func marker() throws(RequirementError) -> Marker {
        var alternatives: [Marker] = []
        var terms = [try term()]
        while true {
            if takeWord("and") {
                terms.append(try term())
            } else if takeWord("or") {
                alternatives.append(terms.count == 1 ? terms[0] : .all(terms))
                terms = [try term()]
            } else {
                break
            }
        }
        alternatives.append(terms.count == 1 ? terms[0] : .all(terms))
        return alternatives.count == 1 ? alternatives[0] : .any(alternatives)
    }

    private mutating func term() throws(RequirementError) -> Marker {
        skipSpace()
        defer { skipSpace() }
        if take("(") {
            depth += 1
            guard depth <= RequirementReader.deepest else { throw expected("fewer parentheses") }
            skipSpace()
            let marker = try marker()
            skipSpace()
            guard take(")") else { throw expected(")") }
            depth -= 1
            return marker
        }
        let left = try operand()
        skipSpace()
        let comparison = try markerComparison()
        skipSpace()
        return .compare(left, comparison, try operand())
    }

    private mutating func markerComparison() throws(RequirementError) -> Marker.Comparison {
        if takeWord("in") { return .isIn }
        if takeWord("not") {
            let start = position
            skipSpace()
            guard position > start, takeWord("in") else { throw expected("in behind not") }
            return .isNotIn
        }
        if let comparison = comparison() { return .version(comparison) }
        throw expected("one of <=, <, !=, ==, >=, >, ~=, ===, in, not in")
    }

    private mutating func operand() throws(RequirementError) -> Marker.Operand {
        if let quote = peek(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") {
            let start = position + 1
            var end = start
            while end < bytes.count, bytes[end] != quote { end += 1 }
            // What a backslash means there is Python's to say, and no package needs one.
            guard end < bytes.count, !bytes[start..<end].contains(0x5C) else {
                throw expected("the end of a string without a backslash")
            }
            position = end + 1
            return .text(text(start..<end))
        }
        let start = position
        while let byte = peek(), RequirementReader.isWord(byte) || byte == 0x2E { position += 1 }
        if let variable = Marker.Variable(written: text(start..<position)) { return .variable(variable) }
        position = start
        throw expected("a variable of the environment or a quoted string")
    }

    // MARK: Bytes

    private var isAtEnd: Bool { position == bytes.count }

    private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func expected(_ what: String) -> RequirementError {
        RequirementError(message: "expected \(what)", offset: position)
    }

    private mutating func skipSpace() {
        while let byte = peek(), RequirementReader.isSpace(byte) { position += 1 }
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    /// Takes a word that does not go on behind it.
    private mutating func takeWord(_ word: String) -> Bool {
        let end = position + word.utf8.count
        if end < bytes.count, RequirementReader.isWord(bytes[end]) { return false }
        return take(word)
    }

    /// Letters, digits, ".", "_" and "-", from a letter or digit to the last that is neither "." nor "-".
    private mutating func identifier() -> String? {
        guard let first = peek(), RequirementReader.isWord(first), first != 0x5F else { return nil }
        var end = position
        while end < bytes.count,
            RequirementReader.isWord(bytes[end]) || bytes[end] == 0x2E || bytes[end] == 0x2D
        {
            end += 1
        }
        while bytes[end - 1] == 0x2E || bytes[end - 1] == 0x2D { end -= 1 }
        defer { position = end }
        return text(position..<end)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            || byte == 0x5F
    }
}
