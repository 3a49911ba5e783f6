/// The page that `knapsack serve` shows, in the program. The plugin `EmbedSite` writes `Site.all`: every file of `Files`, in
/// the order of names.
package enum Site {}

/// A file of the page.
package struct SiteFile: Sendable {
    /// Its name with the ending, such as "style.css".
    package let name: String
    /// Its text.
    package let text: String
}
