// Strings and names are compared by their bytes, as every consumer of JSON but Swift's own does it.
extension JSON: Hashable {
    /// Whether both are the same value: texts by their bytes, objects with their members' order.
    package static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let one), .bool(let two)): one == two
        case (.integer(let one), .integer(let two)): one == two
        case (.number(let one), .number(let two)): one == two
        case (.string(let one), .string(let two)): one.hasSameBytes(as: two)
        case (.array(let one), .array(let two)): one == two
        case (.object(let one), .object(let two)): one == two
        default: false
        }
    }

    /// Feeds the kind of the value and the value.
    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .bool(let value):
            hasher.combine(1)
            hasher.combine(value)
        case .integer(let value):
            hasher.combine(2)
            hasher.combine(value)
        case .number(let value):
            hasher.combine(3)
            hasher.combine(value)
        case .string(let value):
            hasher.combine(4)
            value.hashBytes(into: &hasher)
        case .array(let value):
            hasher.combine(5)
            hasher.combine(value)
        case .object(let value):
            hasher.combine(6)
            hasher.combine(value)
        }
    }

    /// The members by name, the last of each name, as Python's `json` takes it; `nil` where this is not an object.
    package var dictionary: [ExactName: JSON]? {
        members.map { Dictionary($0.map { (ExactName($0.key), $0.value) }) { $1 } }
    }
}

extension JSON.Member: Hashable {
    /// Whether both have the same name, by its bytes, and the same value.
    package static func == (left: JSON.Member, right: JSON.Member) -> Bool {
        left.key.hasSameBytes(as: right.key) && left.value == right.value
    }

    /// Feeds the name's bytes and the value.
    package func hash(into hasher: inout Hasher) {
        key.hashBytes(into: &hasher)
        hasher.combine(value)
    }
}
