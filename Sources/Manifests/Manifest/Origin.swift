/// The revision that files come from.
package enum Origin: Hashable, Sendable {
    /// A commit of a repository of the Hugging Face Hub; `ref` is the branch, tag or commit that was asked.
    case hub(HubRepository, ref: String, commit: String)
    /// A version of a model or data set of Kaggle; the handle has its version.
    case kaggle(KaggleHandle)
    /// A directory, which has no revisions.
    case path
    /// Another entry, whose files were converted. No snapshot of a cache has this origin.
    case conversion(LockedConversion)
}
