/// Where a model card keeps its YAML.
enum FrontMatter {
    /// The most bytes of YAML that are looked at; the longest real ones, tables of benchmark results, have
    /// about half of it.
    static let sizeLimit = 1 << 20

    /// The range of the YAML between two lines `---`, or `nil` where the text does not start with one or
    /// has no second one. As huggingface_hub finds it (`REGEX_YAML_BLOCK`): only white space may stand
    /// before the first line, and both lines hold nothing else.
    static func range(in bytes: [UInt8]) -> Range<Int>? {
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while start < bytes.count, isSpace(bytes[start]) { start += 1 }
        guard isDelimiter(bytes, start), start + 3 < bytes.count else { return nil }
        let first = start + 4
        var position = first
        while position < bytes.count {
            if isNewline(bytes[position]), isDelimiter(bytes, position + 1) { return first..<position }
            position += 1
        }
        return nil
    }

    private static func isDelimiter(_ bytes: [UInt8], _ start: Int) -> Bool {
        guard start + 3 <= bytes.count, bytes[start..<start + 3].allSatisfy({ $0 == UInt8(ascii: "-") })
        else { return false }
        return start + 3 == bytes.count || isNewline(bytes[start + 3])
    }

    private static func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
