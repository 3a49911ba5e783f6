/// HTML or SVG that was put together by the program: what comes from outside can get into it only as text.
///
/// Its literals are `StaticString`, so that the compiler takes none but those of the sources; everything between `\(` and `)` that
/// is not markup itself goes through ``VisibleText``. Attributes have to be in double quotes.
package struct Markup: Equatable, Sendable, ExpressibleByStringInterpolation {
    /// The document's text so far.
    package private(set) var text: String

    /// Nothing.
    package init() { text = "" }

    /// Takes a piece of the sources as it is.
    package init(stringLiteral value: StaticString) { text = value.description }

    /// Takes pieces of the sources, with what was escaped between them.
    package init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

    /// Collects the pieces of a literal.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        /// Begins with nothing.
        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity * 2)
        }

        /// Takes a piece of the sources as it is.
        package mutating func appendLiteral(_ literal: StaticString) { text += literal.description }

        /// Takes text from anywhere, escaped for the content of an element and for a quoted attribute.
        package mutating func appendInterpolation(_ value: String) { text += VisibleText.escaped(value) }

        /// Takes a number.
        package mutating func appendInterpolation(_ value: Int) { text += String(value) }

        /// Takes a coordinate or a length, to a tenth.
        package mutating func appendInterpolation(_ value: Double) { text += Tenths.text(value) }

        /// Takes markup as it is.
        package mutating func appendInterpolation(_ value: Markup) { text += value.text }
    }

    /// One after the other.
    package static func + (left: Markup, right: Markup) -> Markup {
        var sum = left
        sum.text += right.text
        return sum
    }

    /// Appends.
    package static func += (left: inout Markup, right: Markup) { left.text += right.text }
}

extension Sequence<Markup> {
    /// All of them, one after the other.
    func joined() -> Markup { reduce(into: Markup()) { $0 += $1 } }
}

/// Numbers with one digit behind the point, the same on every machine.
enum Tenths {
    /// "12.5", "7"; not a number, and what is past a million, is 0 or the bound.
    static func text(_ value: Double) -> String {
        guard value == value else { return "0" }
        let scaled = Int((max(-1e6, min(1e6, value)) * 10).rounded())
        let sign = scaled < 0 ? "-" : ""
        let magnitude = scaled.magnitude
        return magnitude % 10 == 0
            ? "\(sign)\(magnitude / 10)" : "\(sign)\(magnitude / 10).\(magnitude % 10)"
    }
}
