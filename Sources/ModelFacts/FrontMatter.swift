/// Where a model card keeps its YAML, and what may be handed to a YAML parser.
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

    /// Why the YAML must not be parsed, or `nil` where it may. A parser that recurses needs a bound on
    /// nesting, and comparing the keys of a mapping takes time exponential in the number of aliases.
    static func danger(in yaml: Span<UInt8>) -> String? {
        var flowDepth = 0
        var anchors = 0
        var aliases = 0
        var indent = 0
        var inIndent = true
        for index in yaml.indices {
            let byte = yaml[index]
            let nextIsSpace = index + 1 >= yaml.count || isSpace(yaml[index + 1])
            switch byte {
            case UInt8(ascii: "["), UInt8(ascii: "{"): flowDepth += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"): flowDepth = max(0, flowDepth - 1)
            case UInt8(ascii: "&") where !nextIsSpace && startsToken(yaml, index): anchors += 1
            case UInt8(ascii: "*") where !nextIsSpace && startsToken(yaml, index): aliases += 1
            default: break
            }
            if isNewline(byte) {
                inIndent = true
                indent = 0
            } else if inIndent {
                // "- - ? x" opens three levels in one line.
                let opens = [UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":")].contains(byte)
                inIndent = isSpace(byte) || (opens && nextIsSpace)
                indent += 1
            }
            if flowDepth > 64 || indent > 200 { return "the model card's YAML nests too deeply" }
        }
        if anchors > 0, aliases > 4 { return "the model card's YAML repeats itself by too many aliases" }
        return nil
    }

    private static func isDelimiter(_ bytes: [UInt8], _ start: Int) -> Bool {
        guard start + 3 <= bytes.count, bytes[start..<start + 3].allSatisfy({ $0 == UInt8(ascii: "-") })
        else { return false }
        return start + 3 == bytes.count || isNewline(bytes[start + 3])
    }

    private static func startsToken(_ yaml: Span<UInt8>, _ index: Int) -> Bool {
        guard index > 0 else { return true }
        return isSpace(yaml[index - 1]) || Array("[{,:-?".utf8).contains(yaml[index - 1])
    }

    private static func isNewline(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
