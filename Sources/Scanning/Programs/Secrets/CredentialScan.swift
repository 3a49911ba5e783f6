import Formats

/// Looks for tokens and private keys in a text by the shapes that their makers document.
package enum CredentialScan {
    /// One that was found; never the value.
    package struct Finding: Equatable, Sendable {
        /// The line from 1.
        package let line: Int
        /// What it is, to be read after "has".
        package let kind: String
    }

    /// The most that are told of a text.
    package static let most = 16

    /// Everything that has the shape of a credential and does not look like a placeholder, in the text's order.
    package static func findings(in text: Span<UInt8>) -> [Finding] {
        var found: [Finding] = []
        var line = 1
        var position = 0
        var context = CredentialContext()
        while position < text.count, found.count < most {
            let byte = text[position]
            if byte == 0x0A {
                line += 1
                position += 1
                context.endLine()
                continue
            }
            if byte == 0x2D, let end = privateKey(text, position) {
                found.append(Finding(line: line, kind: "a private key"))
                position = end
                continue
            }
            guard isWord(byte) else {
                position += 1
                continue
            }
            let start = position
            while position < text.count, isWord(text[position]) { position += 1 }
            let word = text.extracting(start..<position)
            // After a backslash the first letter may belong to an escape, as in "\nhf_…" of a notebook.
            let isEscaped = start > 0 && text[start - 1] == 0x5C
            let kind =
                self.kind(word, text, position)
                ?? (isEscaped && word.count > 1
                    ? self.kind(word.extracting(1..<word.count), text, position) : nil)
                ?? context.kind(of: word, in: text, start, position)
            if let kind { found.append(Finding(line: line, kind: kind)) }
        }
        return found
    }

    /// The bytes of a text as they are, or, where it begins with a byte order mark of UTF-16, its ASCII; in either case
    /// with the letters for which JSON's and Python's escapes stand (`\u0068`).
    package static func text(_ bytes: [UInt8]) -> [UInt8] { unescaped(plain(bytes)) }

    private static func unescaped(_ bytes: [UInt8]) -> [UInt8] {
        let start = Array(#"\u00"#.utf8)
        guard PickleName.contains(bytes.span, start) else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let isEscape = index + 6 <= bytes.count && bytes[index...].starts(with: start)
            guard isEscape, let high = digit(bytes[index + 4]), let low = digit(bytes[index + 5]),
                (0x21..<0x7F).contains(high << 4 | low)
            else {
                result.append(bytes[index])
                index += 1
                continue
            }
            result.append(high << 4 | low)
            index += 6
        }
        return result
    }

    /// The value of a hexadecimal digit.
    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func plain(_ bytes: [UInt8]) -> [UInt8] {
        let isLittle = bytes.starts(with: [0xFF, 0xFE])
        guard isLittle || bytes.starts(with: [0xFE, 0xFF]) else { return bytes }
        let (low, high) = isLittle ? (0, 1) : (1, 0)
        return stride(from: 2, to: bytes.count - 1, by: 2).map {
            bytes[$0 + high] == 0 ? bytes[$0 + low] : 0x20
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x2D: true
        default: false
        }
    }

    // MARK: Tokens

    private static func kind(_ word: Span<UInt8>, _ text: Span<UInt8>, _ end: Int) -> String? {
        guard word.count >= 16, word.count <= 1024 else { return nil }
        let shape = CredentialShape.all.first { $0.matches(word) }
        return shape?.kind
    }

    // MARK: Private keys

    private static let starts = ["", "RSA ", "EC ", "DSA ", "OPENSSH ", "ENCRYPTED ", "PGP "].map {
        Array("-----BEGIN \($0)PRIVATE KEY\($0 == "PGP " ? " BLOCK" : "")-----".utf8)
    }

    /// Where a private key's first line ends, if bytes of a key follow it.
    private static func privateKey(_ text: Span<UInt8>, _ start: Int) -> Int? {
        let header = starts.first { header in
            guard text.count - start >= header.count else { return false }
            for index in 0..<header.count where text[start + index] != header[index] { return false }
            return true
        }
        guard let header else { return nil }
        let first = start + header.count
        var letters = [Int](repeating: 0, count: 256)
        var (count, index) = (0, first)
        // Line ends may be escaped, as in JSON; headers of PEM may come first.
        while index < min(text.count, first + 400), count < 96 {
            let byte = text[index]
            if byte == 0x5C {
                index += 2
                continue
            }
            if byte == 0x2D, index + 4 < text.count, text[index + 1] == 0x2D { break }
            if isWord(byte) || byte == 0x2B || byte == 0x2F {
                letters[Int(byte)] += 1
                count += 1
            }
            index += 1
        }
        return count >= 64 && letters.count(where: { $0 > 0 }) >= 16 ? first : nil
    }
}
