package import Formats
import Storage

extension ModelCard {
    /// The front matter of a `README.md` with the types of YAML 1.1, as gguf-py's `metadata.py` reads it: it is between
    /// a first line `---` and the next one, or the end; a tab is two spaces; `no` as an element of a list is text.
    ///
    /// Mappings keep the order of their keys, and all keys are text; the last value of a key counts. A date is an
    /// object with one member `!timestamp`, because it is no text for Python.
    /// - Returns: `nil` where the file does not begin with such a line, or nothing is between them, which is *not*
    ///   an error.
    /// - Throws: where the YAML is not valid, is longer than 1 MiB, or could exhaust memory or stack.
    package static func frontMatter(of readme: [UInt8]) throws(Problem) -> JSON? {
        guard let text = try FrontMatter.convertersText(of: readme) else { return nil }
        guard String(validating: text, as: UTF8.self) != nil else {
            throw Problem(message: "the model card's YAML is not valid UTF-8", line: nil)
        }
        guard let root = try compose(text, firstLine: 2) else { return nil }
        let value = value(of: root)
        return value == .null ? nil : value
    }

    /// The value of a node.
    private static func value(of node: YAMLNode) -> JSON {
        switch node {
        case .scalar(let scalar): value(of: scalar)
        case .sequence(let elements, _): .array(elements.map(value))
        case .mapping(let pairs, _): .object(members(of: pairs))
        }
    }

    private static func value(of scalar: YAMLScalarNode) -> JSON {
        if scalar.isPlain, scalar.tag.isEmpty || scalar.tag == "!" {
            guard !YAMLScalar.isTimestamp(scalar.text) else {
                return .object([JSON.Member("!timestamp", .string(scalar.text))])
            }
            return YAMLScalar.value(scalar.text)
        }
        let typed = ["int", "float", "bool", "null"].contains { scalar.tag == "tag:yaml.org,2002:\($0)" }
        guard typed else { return .string(scalar.text) }
        let value = YAMLScalar.value(scalar.text)
        if scalar.tag.hasSuffix("float"), let integer = value.integer { return .number(Double(integer)) }
        return value
    }

    /// The members of a mapping, each key once, where it is first; `<<` puts another mapping's before its own.
    private static func members(of pairs: [YAMLPair]) -> [JSON.Member] {
        var all: [JSON.Member] = []
        var own: [JSON.Member] = []
        for pair in pairs {
            guard let key = pair.key.scalar else { continue }
            if key.text == "<<", key.isPlain {
                let merged = pair.value.sequence.map { $0.reversed() } ?? [pair.value]
                all += merged.compactMap(\.mapping).flatMap(members)
            } else {
                own.append(JSON.Member(key.text, value(of: pair.value)))
            }
        }
        all += own
        var places: [ExactName: Int] = [:]
        var result: [JSON.Member] = []
        for member in all {
            if let place = places[member.key] {
                result[place] = member
            } else {
                places[member.key] = result.count
                result.append(member)
            }
        }
        return result
    }
}

extension FrontMatter {
    /// The YAML at the head of a `README.md` with what gguf-py's `metadata.py` changes in it, every line ending in a
    /// newline; `nil` if there is none.
    /// - Throws: where it is longer than ``sizeLimit``.
    static func convertersText(of readme: [UInt8]) throws(ModelCard.Problem) -> [UInt8]? {
        let delimiter = Array("---".utf8)
        guard readme.starts(with: delimiter) else { return nil }
        var position = 0
        guard nextLine(readme, &position) == 0..<3 else { return nil }
        var text: [UInt8] = []
        while position < readme.count {
            let line = readme[nextLine(readme, &position)]
            if line.isText("---") { break }
            let isNo = line.ends(with: "- no")
            for byte in isNo ? line.dropLast(2) : line {
                if byte == 0x09 { text.append(0x20) }
                text.append(byte == 0x09 ? 0x20 : byte)
            }
            if isNo { text += Array("\"no\"".utf8) }
            text.append(0x0A)
            if text.count > sizeLimit {
                throw ModelCard.Problem(message: "the model card's YAML is longer than 1 MiB", line: 2)
            }
        }
        return text
    }

    /// The range of the next line without what ends it, which is all that Python's `str.splitlines` takes for that.
    private static func nextLine(_ bytes: [UInt8], _ position: inout Int) -> Range<Int> {
        let start = position
        while position < bytes.count {
            let length = breakLength(bytes, position)
            if length > 0 {
                let end = position
                position += length
                return start..<end
            }
            position += 1
        }
        return start..<position
    }

    private static func breakLength(_ bytes: [UInt8], _ position: Int) -> Int {
        switch bytes[position] {
        case 0x0D: position + 1 < bytes.count && bytes[position + 1] == 0x0A ? 2 : 1
        case 0x0A, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E: 1
        case 0xC2: bytes[position...].starts(with: [0xC2, 0x85]) ? 2 : 0
        case 0xE2:
            bytes[position...].starts(with: [0xE2, 0x80, 0xA8])
                || bytes[position...].starts(with: [0xE2, 0x80, 0xA9]) ? 3 : 0
        default: 0
        }
    }
}
