import Caches
import Formats
package import Manifests
import Storage

/// What may go wrong with any conversion.
package enum ConversionProblem {
    /// The room that a conversion takes.
    static func space(_ bytes: Int?, for path: String) -> SpaceNeeded {
        SpaceNeeded(
            bytes, for: path,
            fix: "free space there, or choose another directory (KNAPSACK_CACHE_DIR, or the output)")
    }

    /// What to tell of an error while a directory was written.
    package static func explained(_ error: any Error, writing path: String) -> any Error {
        let cause: FileError? =
            if case .file(let file)? = error as? ReadFailure { file } else { error as? FileError }
        guard let cause else { return error }
        if cause.isFullDisk { return Diagnostics(space(nil, for: path).finding) }
        if cause.isBusy {
            return Diagnostics(
                Diagnostic(
                    code: .conversionRunning, "another knapsack is writing \(path)", fix: "wait for it",
                    verdict: .undecided))
        }
        return error
    }

    /// That no directory is known in which conversions are kept.
    package static let noCache = Diagnostic(
        code: .noHome, "nothing states where conversions are kept",
        fix: "set HOME or KNAPSACK_CACHE_DIR", verdict: .undecided)

    /// That the lock of an entry was made by a version of the conversion that this one is not.
    package static func newerConverter(_ entry: String, locked: Int, here: Int) -> Diagnostic {
        Diagnostic(
            code: .lockStale,
            "\(entry) was made by version \(locked) of the conversion, and this Knapsack has version \(here)",
            fix: locked > here ? "use a newer Knapsack" : "run knapsack lock {manifest}")
    }
}
