import Formats
import Manifests
import Storage

/// Files that are no models and are named in the place of one: what to use for them.
enum NoModel {
    /// What to report of a path; `nil` if it may be a model.
    static func finding(_ path: String) -> Diagnostic? {
        guard let real = try? Directory.realPath(path), let status = try? FileStatus.existing(real),
            status.kind == .file
        else { return nil }
        let word = ShellWord.quoted(path)
        if path.utf8.ends(with: ".lock") {
            return finding(
                "\(path) is a lock, not a model",
                "knapsack verify \(word) proves the caches against it, knapsack sbom \(word) lists what it has"
            )
        }
        if path.utf8.ends(with: ".toml") {
            return finding(
                "\(path) is a manifest, not a model",
                "knapsack check \(word) states whether it holds, knapsack lock \(word) what it means")
        }
        if status.size == 0 {
            return Diagnostic(
                code: .modelUnreadable, "\(path) is empty", fix: "download or make it again",
                verdict: .undecided)
        }
        return nil
    }

    private static func finding(_ message: String, _ fix: String) -> Diagnostic {
        Diagnostic(code: .usage, message, fix: fix, verdict: .undecided)
    }
}
