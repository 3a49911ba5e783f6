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

extension Dictionary where Key == ExactName {
    /// The value of a name that is given as text, by its bytes.
    package subscript(name: String) -> Value? {
        get { self[ExactName(name)] }
        set { self[ExactName(name)] = newValue }
    }

    /// The value of a name that is given as text, or another one in its place.
    package subscript(name: String, default value: @autoclosure () -> Value) -> Value {
        get { self[ExactName(name), default: value()] }
        _modify { yield &self[ExactName(name), default: value()] }
    }
}

extension Set<ExactName> {
    /// The names among some texts, each once.
    package init(exactly texts: some Sequence<String>) { self.init(texts.lazy.map { ExactName($0) }) }

    /// Whether a name that is given as text is a member, by its bytes.
    package func contains(_ name: some StringProtocol) -> Bool { contains(ExactName(String(name))) }

    /// Adds a name that is given as text.
    @discardableResult
    package mutating func insert(_ name: String) -> (inserted: Bool, memberAfterInsert: ExactName) {
        insert(ExactName(name))
    }

    /// The names as texts, in the order of their bytes.
    package var sortedTexts: [String] { self.sorted().map(\.text) }
}
