import Formats

/// An entry as it is written into a manifest: the header of its table and its keys, with the values below each other.
package struct EntryText {
    /// The kind, whose name the table has.
    package let kind: Entry.Kind
    /// The keys in the order in which they are written, with their values.
    package let keys: [(key: String, value: Value)]

    /// What a key of an entry can have as its value here.
    package enum Value {
        /// A string, written as a basic one.
        case text(String)
        /// An array of basic strings, on one line.
        case list([String])
        /// A truth value.
        case flag(Bool)

        fileprivate var toml: String {
            switch self {
            case .text(let text): EntryText.quoted(text)
            case .list(let texts): "[" + texts.map(EntryText.quoted).joined(separator: ", ") + "]"
            case .flag(let flag): flag ? "true" : "false"
            }
        }
    }

    /// Takes keys and values; whether an entry may have them is decided when the manifest is read.
    package init(_ kind: Entry.Kind, _ keys: [(key: String, value: Value)]) {
        self.kind = kind
        self.keys = keys
    }

    /// What the entry is called.
    package var name: String? {
        guard case .text(let name)? = keys.first(where: { $0.key.hasSameBytes(as: "name") })?.value else {
            return nil
        }
        return name
    }

    /// The lines, each ending with a newline.
    package var text: String {
        let width = keys.map(\.key.utf8.count).max() ?? 0
        let lines = keys.map { item in
            item.key + String(repeating: " ", count: width - item.key.utf8.count) + " = \(item.value.toml)\n"
        }
        return "[[\(kind.rawValue)]]\n" + lines.joined()
    }

    /// A basic string of TOML: its escapes are those of JSON, but for the solidus and DEL, which JSON's writer escapes as TOML
    /// wants it.
    package static func quoted(_ text: String) -> String { JSON.string(text).compactText }
}
