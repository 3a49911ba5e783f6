import Formats

extension JSON {
    /// Whether this is a string of just these bytes.
    package func isText(_ other: String) -> Bool {
        guard case .string(let text) = self else { return false }
        return text.hasSameBytes(as: other)
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
}
