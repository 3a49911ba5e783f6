import Formats
package import Manifests
import Storage

/// What may go wrong with any conversion.
package enum ConversionProblem {
    package static func fullDisk(_ path: String, needed: Int, free: Int) -> Diagnostic {
        Diagnostic(
            code: .diskFull, "not enough free space for the conversion in \(path)",
            notes: [
                "needed  \(ByteCount.text(needed)) (\(needed) bytes)",
                "free    \(ByteCount.text(free)) (\(free) bytes)",
            ],
            fix: "free space there, or choose another directory (KNAPSACK_CACHE_DIR, or the output)",
            verdict: .undecided)
    }

    /// What to tell of an error while a directory was written.
    package static func explained(_ error: any Error, writing path: String) -> any Error {
        let cause: FileError? =
            if case .file(let file)? = error as? ReadFailure { file } else { error as? FileError }
        guard let cause else { return error }
        if cause.isFullDisk {
            let free = (try? Directory.freeBytes(at: Path.parent(path))) ?? 0
            return Diagnostics(
                Diagnostic(
                    code: .diskFull, "not enough free space for \(path)",
                    notes: ["free    \(ByteCount.text(free))"],
                    fix: "free space there, or choose another directory", verdict: .undecided))
        }
        if cause.isBusy {
            return Diagnostics(
                Diagnostic(
                    code: .conversionRunning, "another knapsack is writing \(path)", fix: "wait for it",
                    verdict: .undecided))
        }
        return error
    }

    package static let noCache = Diagnostic(
        code: .noHome, "nobody says where conversions are kept",
        fix: "set HOME or KNAPSACK_CACHE_DIR", verdict: .undecided)

    package static func newerConverter(_ entry: String, locked: Int, here: Int) -> Diagnostic {
        Diagnostic(
            code: .lockStale,
            "\(entry) was made by version \(locked) of the conversion, and this Knapsack has version \(here)",
            fix: locked > here ? "use a newer Knapsack" : "run knapsack lock")
    }
}
