/// Who in a cache states what a file's content is.
package enum Witness: String, Sendable, CaseIterable {
    /// The name of the blob that the snapshot's link leads to.
    case blob
    /// The listing of the revision's tree, `trees/<commit>.json`.
    case tree
    /// The metadata beside a download into a directory of its own (`local_dir`).
    case localDirectory = "local-dir"

    /// Whose word it is, to be read after a digest: "from the blob's name".
    package var words: String {
        switch self {
        case .blob: "from the blob's name"
        case .tree: "from the revision's tree"
        case .localDirectory: "from the download's metadata"
        }
    }
}
