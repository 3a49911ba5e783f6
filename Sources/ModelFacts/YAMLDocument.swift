import Formats
import Storage

/// A YAML document of a model's, read as JSON by a reader that takes it as PyYAML does, but for types, which do not matter
/// where only names are looked for.
enum YAMLDocument {
    /// The longest document that is read, in bytes.
    static let sizeLimit = 4 << 20

    /// The document; `nil` for one that cannot be read, is too long or nests too deeply.
    ///
    /// A tag that makes a Python object (`!!python/object/apply:os.system`) is a member named `_target_` of it.
    static func json(_ bytes: [UInt8]) -> JSON? {
        guard bytes.count <= sizeLimit, let text = String(validating: bytes, as: UTF8.self) else {
            return nil
        }
        if text.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x0A || $0 == 0x0D }) { return .null }
        do {
            guard let node = try YAMLNode.parse(bytes) else { return .null }
            return ModelCard.firstDuplicate(in: node) == nil ? value(of: node) : nil
        } catch {
            return nil
        }
    }

    private static func value(of node: YAMLNode) -> JSON {
        let tag = node.tag
        let plain: JSON
        switch node {
        case .scalar(let scalar): plain = .string(scalar.text)
        case .sequence(let elements, _): plain = .array(elements.map(value))
        case .mapping(let pairs, _):
            plain = .object(pairs.map { JSON.Member($0.key.scalar?.text ?? "?", value(of: $0.value)) })
        }
        guard tag.utf8.starts(with: "tag:yaml.org,2002:python/".utf8) || tag.utf8.starts(with: "!".utf8),
            tag.utf8.count > 1
        else { return plain }
        return .object([JSON.Member("_target_", .string(tag)), JSON.Member("content", plain)])
    }
}
