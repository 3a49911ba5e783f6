import Formats

extension JSON {
    /// Whether this is a string of just these bytes.
    package func isText(_ other: String) -> Bool {
        guard case .string(let text) = self else { return false }
        return text.hasSameBytes(as: other)
    }

    /// A truth value, also as the 1 or 0 that Python takes for one; `nil` for all else.
    var flag: Bool? {
        switch self {
        case .bool(let value): value
        case .integer(0), .number(0): false
        case .integer(1), .number(1): true
        default: nil
        }
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
