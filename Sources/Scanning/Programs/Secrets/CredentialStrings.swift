import Formats

/// The texts in files that are not text.
package enum CredentialStrings {
    /// The longest that is looked at, in bytes: no maker's tokens are longer.
    private static let longest = 4096

    /// The strings of pickles, a line each: also of those that an archive holds as they are, as `torch.save` writes it.
    ///
    /// It is looked for the two instructions that programs write for a text, wherever they may be: what is found twice, or
    /// is none, costs nothing.
    package static func ofPickles(_ bytes: Span<UInt8>) -> [UInt8] {
        var lines: [UInt8] = []
        for index in bytes.indices {
            let (start, count): (Int, Int)
            switch bytes[index] {
            case 0x58 where index + 5 <= bytes.count:  // BINUNICODE
                start = index + 5
                count = (1...4).reduce(0) { $0 | Int(bytes[index + $1]) << (8 * ($1 - 1)) }
            case 0x8C where index + 2 <= bytes.count:  // SHORT_BINUNICODE
                start = index + 2
                count = Int(bytes[index + 1])
            default: continue
            }
            guard count >= 16, count <= longest, count <= bytes.count - start else { continue }
            let text = bytes.extracting(start..<start + count)
            guard text.indices.allSatisfy({ (0x20..<0x7F).contains(text[$0]) }) else { continue }
            for place in text.indices { lines.append(text[place]) }
            lines.append(0x0A)
        }
        return lines
    }
}
