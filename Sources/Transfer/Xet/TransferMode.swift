/// How the contents of files are asked for.
package enum TransferMode: String, CaseIterable, Sendable {
    /// Over HTTP; in Xet what HTTP does not give.
    case auto
    /// Over HTTP alone.
    case http
    /// In Xet what is there, and the rest over HTTP.
    case xet
}
