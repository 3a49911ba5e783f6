/// Reads PEP 440's grammar (its appendix B) from left to right over bytes.
struct VersionScanner {
    private let bytes: [UInt8]
    /// The place of the next byte.
    private(set) var position = 0

    /// Begins at the first byte of a text.
    init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    /// Whether everything was read.
    var isAtEnd: Bool { position == bytes.count }

    /// Passes over white space: U+0009 to U+000D, and spaces.
    mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
    }

    /// Takes the bytes if they come next, upper or lower case.
    mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard count <= bytes.count - position else { return false }
        let matches = "\(word)".utf8.enumerated().allSatisfy { index, byte in
            VersionScanner.lower(bytes[position + index]) == byte
        }
        if matches { position += count }
        return matches
    }

    /// A version; with nothing consumed that another part could need. Not all of the text need be used.
    /// - Parameter local: whether it may have a local version.
    mutating func version(local mayHaveLocal: Bool) -> PackageVersion? {
        _ = take("v")
        guard var first = number() else { return nil }
        var epoch: UInt64 = 0
        if take("!") {
            epoch = first
            guard let next = number() else { return nil }
            first = next
        }
        var release = [first]
        while peek() == dot, let digit = peek(1), VersionScanner.isDigit(digit) {
            position += 1
            guard let next = number() else { return nil }
            release.append(next)
        }
        var pre: PackageVersion.Prerelease?
        if let stage = labelled({ $0.stage() }) {
            guard let number = optionalNumber() else { return nil }
            pre = .init(stage: stage, number: number)
        }
        var post: UInt64?
        if peek() == 0x2D, let digit = peek(1), VersionScanner.isDigit(digit) {
            position += 1
            guard let number = number() else { return nil }
            post = number
        } else if labelled({ $0.take("post") || $0.take("rev") || $0.take("r") ? () : nil }) != nil {
            guard let number = optionalNumber() else { return nil }
            post = number
        }
        var dev: UInt64?
        if labelled({ $0.take("dev") ? () : nil }) != nil {
            guard let number = optionalNumber() else { return nil }
            dev = number
        }
        var local: [PackageVersion.LocalPart] = []
        if mayHaveLocal, peek() == 0x2B, let next = peek(1), VersionScanner.isWord(next) {
            position += 1
            guard let parts = localParts() else { return nil }
            local = parts
        }
        return PackageVersion(epoch: epoch, release: release, pre: pre, post: post, dev: dev, local: local)
    }

    private let dot: UInt8 = 0x2E

    private func peek(_ ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x2E || byte == 0x2D || byte == 0x5F }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isWord(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lower(byte))
    }
    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

    /// Digits; `nil` if there are none or too many.
    private mutating func number() -> UInt64? {
        let start = position
        while let byte = peek(), VersionScanner.isDigit(byte) { position += 1 }
        return UInt64(String(decoding: bytes[start..<position], as: UTF8.self))
    }

    /// What a number behind a word is, with the separator before it: 0 where it is left out.
    private mutating func optionalNumber() -> UInt64? {
        if let byte = peek(), VersionScanner.isSeparator(byte) { position += 1 }
        guard let byte = peek(), VersionScanner.isDigit(byte) else { return 0 }
        return number()
    }

    /// A word with the separator that may stand before it; nothing is consumed where it is not there.
    private mutating func labelled<Word>(_ read: (inout VersionScanner) -> Word?) -> Word? {
        var ahead = self
        if let byte = ahead.peek(), VersionScanner.isSeparator(byte) { ahead.position += 1 }
        guard let word = read(&ahead) else { return nil }
        self = ahead
        return word
    }

    private mutating func stage() -> PackageVersion.Stage? {
        if take("alpha") || take("a") { return .alpha }
        if take("beta") || take("b") { return .beta }
        return take("preview") || take("pre") || take("c") || take("rc") ? .candidate : nil
    }

    private mutating func localParts() -> [PackageVersion.LocalPart]? {
        var parts: [PackageVersion.LocalPart] = []
        while true {
            let start = position
            while let byte = peek(), VersionScanner.isWord(byte) { position += 1 }
            let text = bytes[start..<position]
            if text.allSatisfy(VersionScanner.isDigit) {
                guard let number = UInt64(String(decoding: text, as: UTF8.self)) else { return nil }
                parts.append(.number(number))
            } else {
                parts.append(.text(String(decoding: text.map(VersionScanner.lower), as: UTF8.self)))
            }
            guard let byte = peek(), VersionScanner.isSeparator(byte), let next = peek(1),
                VersionScanner.isWord(next)
            else { return parts }
            position += 1
        }
    }
}
