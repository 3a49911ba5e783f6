import Formats
import Manifests

extension KaggleMounts {
    /// Whether Kaggle attached anything here: whether this program runs in a notebook.
    package var isThere: Bool { (try? CacheSandbox(root)) != nil }

    /// What to say of a handle that is neither attached nor in the cache.
    ///
    /// In a notebook, that it has to be attached is the likelier answer than that a cache has to be filled.
    /// - Parameter cause: what the cache has to say of it; all but a missing cache or version stays as it is.
    func unattached(_ handle: KaggleHandle, cause: Diagnostics) -> Diagnostics {
        guard var enclosure = try? CacheSandbox(root), let first = cause.all.first,
            [.cacheMissing, .notCached, .revisionNotCached].contains(first.code)
        else { return cause }
        var notes = ["nothing of it is attached below \(FileWalk.shown(root))"]
        let others = KaggleListing(attached: &enclosure).handles.filter {
            $0.kind == handle.kind && $0.with(version: nil) == handle.with(version: nil) && $0 != handle
        }
        if !others.isEmpty { notes = ["attached:"] + others.map(\.text) }
        let attach = "attach it to this notebook (Add Input)"
        return Diagnostics(
            Diagnostic(
                code: .notCached,
                "\(handle.text): it is neither attached to this notebook nor in the kagglehub cache",
                notes: notes + (first.code == .cacheMissing ? [] : first.notes),
                fix: "\(attach), or \(others.isEmpty ? "run \(handle.download)" : "name what is attached")",
                verdict: first.verdict))
    }
}
