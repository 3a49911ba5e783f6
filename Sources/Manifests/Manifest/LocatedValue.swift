import Formats

/// A value of a TOML document with the place where it stands.
struct LocatedValue {
    /// What the value is.
    enum Content {
        /// A string of any of TOML's four forms, its escapes resolved.
        case string(String)
        /// An integer of any base; what does not fit in 64 bits is refused when the document is read.
        case integer(Int)
        /// A float; "inf" and "nan" are such.
        case float(Double)
        /// A truth value.
        case bool(Bool)
        /// A date, a time or both.
        case date(TOMLDateTime)
        /// An array written as a value, or one of tables that `[[name]]` adds to.
        case list([LocatedValue])
        /// In the order in which the keys were named first.
        case table([Member])

        /// The number, or `nil`.
        var integer: Int? {
            if case .integer(let number) = self { number } else { nil }
        }
    }

    /// One key of a table.
    struct Member {
        /// The key.
        let key: String
        /// The offset of the key's first byte.
        let place: Int
        /// What it holds.
        let value: LocatedValue
    }

    /// What it is.
    let content: Content
    /// The offset of the value's first byte; of a table with a header, of the "[".
    let place: Int

    /// The members of a table, or `nil`.
    var members: [Member]? {
        if case .table(let members) = content { members } else { nil }
    }

    /// The elements of a list, or `nil`.
    var elements: [LocatedValue]? {
        if case .list(let elements) = content { elements } else { nil }
    }

    /// The text of a string, or `nil`.
    var string: String? {
        if case .string(let text) = content { text } else { nil }
    }

    /// What was found, for "expected …, found …".
    var found: String {
        switch content {
        case .string(let text): "the string \(quoted(text))"
        case .integer(let value): "the integer \(value)"
        case .float: "a float"
        case .bool: "a boolean"
        case .date: "a date or time"
        case .list: "a list"
        case .table: "a table"
        }
    }

    /// The value of a key that is plain ASCII.
    subscript(key: String) -> Member? {
        // Swift's `==` on strings takes different spellings of a letter for equal; TOML does not.
        members?.first { $0.key.hasSameBytes(as: key) }
    }
}
