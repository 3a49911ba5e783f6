/// A text that must not be seen: whatever prints it, or what it is in, prints dots.
package struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// Keeps a text from being printed.
    package init(_ text: String) { self.text = text }

    /// The text itself, for the one place that sends it.
    func reveal() -> String { text }

    /// Dots.
    package var description: String { "…" }

    /// Dots.
    package var debugDescription: String { "…" }

    /// Nothing.
    package var customMirror: Mirror { Mirror(self, children: [:] as KeyValuePairs<String, Any>) }
}
