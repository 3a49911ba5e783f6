/// The pages of `docs/`, in the program. The plugin `EmbedPages` writes `Pages.all`: every page, in the order of names.
package enum Pages {}

/// A page of the documentation.
package struct Page: Sendable {
    /// The name of its file without the ending, such as "policy".
    package let name: String
    /// Its text, Markdown for GitHub.
    package let text: String
}
