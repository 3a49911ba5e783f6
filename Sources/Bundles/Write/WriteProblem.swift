import Manifests
import Storage

/// What may go wrong while a bundle is written, in whichever form, told with what to do about it.
enum WriteProblem {
    /// Another process has the unfinished bundle.
    static func running(_ target: String) -> Diagnostic {
        Diagnostic(
            code: .packRunning, "another knapsack pack is writing \(target)",
            fix: "wait for it, or choose another --output", verdict: .undecided)
    }

    /// What reading a file of a cache ran into, with the file's name in the lock.
    static func explained(
        _ error: any Error, of file: Plan.StoredFile, at location: String
    ) -> any Error {
        switch error {
        case ReadFailure.changed(location):
            Diagnostics(
                Diagnostic(
                    code: .contentChanged, "\(file.entry): \(file.file) changed while it was read",
                    notes: ["at \(location)"], fix: "pack again when nothing writes to it",
                    verdict: .undecided))
        case ReadFailure.file(let cause) where cause.path == location:
            Diagnostics(file.unreadable(cause))
        case let cause as FileError where cause.path == location: Diagnostics(file.unreadable(cause))
        default: error
        }
    }
}

extension Plan.StoredFile {
    /// A finding about a file of a cache that is not what the lock pins.
    func changed(found: String, at location: String) -> Diagnostic {
        Diagnostic(
            code: .contentChanged, "\(entry): \(file) does not have the content that the lock pins",
            notes: [
                "expected sha256 \(sha256)  (\(size) bytes, from the lock)", "found    \(found)",
                "at \(location)",
            ],
            fix: "restore the file, or run knapsack lock {manifest} --update \(entry)")
    }

    /// A file of a cache that was there when the plan was made, and cannot be opened or read.
    fileprivate func unreadable(_ cause: FileError) -> Diagnostic {
        Diagnostic(
            code: cause.isMissing ? .fileMissing : .unreadable,
            "\(entry): \(file) \(cause.isMissing ? "is not in the cache any more" : "could not be read")",
            notes: ["\(cause)"],
            fix: cause.isMissing
                ? "download it again, or run knapsack lock {manifest} --update \(entry)"
                : "remove the cause, and pack again",
            verdict: .undecided)
    }
}
