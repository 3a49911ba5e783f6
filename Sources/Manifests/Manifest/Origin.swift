package import Storage

/// The revision that files come from.
package enum Origin: Hashable, Sendable {
    /// A commit of a repository of the Hugging Face Hub; `ref` is the branch, tag or commit that was asked.
    case hub(HubRepository, ref: String, commit: String)
    /// A version of something of Kaggle; the handle has its version, but for competitions, which have none.
    case kaggle(KaggleHandle)
    /// A manifest of an OCI registry; the source is as it was asked for.
    case registry(RegistrySource, manifest: SHA256Digest)
    /// A directory, which has no revisions.
    case path
    /// Another entry, whose files were converted. No snapshot of a cache has this origin.
    case conversion(LockedConversion)

    /// Whether it names one content for ever, so that files that are locked need not be looked at again.
    package var isPinned: Bool {
        switch self {
        case .hub, .registry, .conversion: true
        case .kaggle(let handle): handle.version != nil
        case .path: false
        }
    }
}
