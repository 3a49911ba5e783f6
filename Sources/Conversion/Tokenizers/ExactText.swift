import Formats

/// Text that equals other text only where all bytes do; Swift's own strings take two spellings of one character
/// for the same, and a vocabulary has both.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (one: ExactText, other: ExactText) -> Bool {
        one.text.utf8.elementsEqual(other.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var word: UInt64 = 0
        var count = 0
        for byte in text.utf8 {
            word = word << 8 | UInt64(byte)
            count += 1
            if count.isMultiple(of: 8) { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(count)
    }
}

extension JSON {
    /// Whether this is a string of just these bytes.
    package func isText(_ other: String) -> Bool {
        guard case .string(let text) = self else { return false }
        return text.utf8.elementsEqual(other.utf8)
    }

    /// Whether Python takes the value for true.
    var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let value): !value.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    /// The members by name, the last of each name.
    var dictionary: [String: JSON]? {
        members.map { Dictionary($0.map { ($0.key, $0.value) }) { $1 } }
    }
}
