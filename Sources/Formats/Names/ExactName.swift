/// A name that decides something: of a tensor, of a member of a JSON object, of a ref; or a path that is not seen from
/// a directory of ours. The path of a file below one is a ``RelativePath``.
package struct ExactName: ByteCompared, ExpressibleByStringLiteral {
    /// The name itself.
    package let text: String

    /// Takes any text.
    package init(_ text: String) { self.text = text }

    /// Takes any text.
    package init(stringLiteral text: String) { self.text = text }
}

extension Dictionary<ExactName, JSON> {
    /// The value of a member of an object, by its name's bytes.
    package subscript(name: String) -> JSON? {
        get { self[ExactName(name)] }
        set { self[ExactName(name)] = newValue }
    }
}
