import Formats

extension KaggleFramework {
    private static let start = "MODEL_FRAMEWORK_"

    /// The name in a handle, "pyTorch", of one in an answer, "MODEL_FRAMEWORK_PY_TORCH"; `nil` for a text that is none.
    static func handleName(_ text: String) -> String? {
        let name = text.hasUTF8Prefix(start) ? String(text.dropFirst(start.count)) : text
        guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy(isWord) else { return nil }
        // Not in capitals alone: it is one already.
        if name.utf8.contains(where: { (0x61...0x7A).contains($0) }) { return name }
        let words = name.lowercased().utf8.split(separator: UInt8(ascii: "_")).map { String(Substring($0)) }
        guard let first = words.first else { return nil }
        return first + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// Whether two spellings mean one framework.
    static func isSame(_ left: String, _ right: String) -> Bool {
        name(of: left).hasSameBytes(as: name(of: right))
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == UInt8(ascii: "_")
    }
}
