/// A JSON value (RFC 8259) whose objects keep the order of their members.
///
/// Headers of tensor files, configurations, trees and the lock are all read into and written from it.
package enum JSON: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number without fraction and exponent that fits 64 bits.
    case integer(Int)
    /// Any other number; integers past 64 bits lose precision.
    case number(Double)
    /// A string, unescaped.
    case string(String)
    /// The elements in order.
    case array([JSON])
    /// The members in order, duplicates included.
    case object([Member])

    /// One name and value of an object.
    package struct Member: Sendable {
        /// The member's name.
        package let key: String
        /// The member's value.
        package let value: JSON

        /// Makes a member.
        package init(_ key: String, _ value: JSON) {
            self.key = key
            self.value = value
        }
    }

    /// The value of the last member whose name has these bytes, as Python's `json` takes it; `nil` if there is
    /// none or where this is not an object. Takes time linear in the number of members.
    package subscript(_ key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key.hasSameBytes(as: key) }?.value
    }

    /// The string, or `nil` for every other kind of value.
    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The integer, or `nil` for every other kind of value.
    package var integer: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The truth value, or `nil` for every other kind of value.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements, or `nil` for every other kind of value.
    package var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members in order, or `nil` for every other kind of value.
    package var members: [Member]? {
        if case .object(let value) = self { value } else { nil }
    }

    /// The strings of an array of nothing but strings, or `nil`.
    package var strings: [String]? {
        guard let array else { return nil }
        var result: [String] = []
        for element in array {
            guard let string = element.string else { return nil }
            result.append(string)
        }
        return result
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// Makes `.string`.
    package init(stringLiteral value: String) { self = .string(value) }
    /// Makes `.integer`.
    package init(integerLiteral value: Int) { self = .integer(value) }
    /// Makes `.bool`.
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    /// Makes `.array`.
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// Makes `.object`, members in the literal's order.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}
