import Formats
package import Manifests
import Storage

/// What may go wrong while a bundle is written, in whichever form, told with what to do about it.
enum WriteProblem {
    /// Another process has the unfinished bundle.
    static func running(_ target: String) -> Diagnostic {
        Diagnostic(
            code: .packRunning, "another knapsack pack is writing \(target)",
            fix: "wait for it, or choose another --output", verdict: .undecided)
    }

    /// A file system that is used up.
    ///
    /// - Parameter directory: a directory that exists on it.
    static func fullDisk(_ target: String, in directory: String, needed: String, fix: String) -> Diagnostic {
        let free = (try? Directory.freeBytes(at: directory)) ?? 0
        let files = Directory.isOutOfFiles(at: directory) ? ["but there is room for no more files"] : []
        return Diagnostic(
            code: .diskFull, "not enough free space for \(target)",
            notes: ["needed  \(needed)", "free    \(bytes(free))"] + files, fix: fix, verdict: .undecided)
    }

    /// The directory that a path is in, or will be, as far as it exists.
    static func existingDirectory(_ path: String) -> String {
        var path = Path.parent(path)
        while path != ".", path != "/", (try? FileStatus.existing(path)) == .some(nil) {
            path = Path.parent(path)
        }
        return path
    }

    static func bytes(_ count: Int) -> String { "\(ByteCount.text(count)) (\(count) bytes)" }

    static func isFullDisk(_ error: any Error) -> Bool {
        switch error {
        case let error as FileError: error.isFullDisk
        case let error as ArchiveError: error.isFullDisk
        case ReadFailure.file(let error): error.isFullDisk
        default: false
        }
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

extension Diagnostic {
    /// A file system that has no room for a file of so many bytes at a path.
    package static func fullDisk(_ path: String, needed: Int, fix: String) -> Diagnostic {
        WriteProblem.fullDisk(
            path, in: WriteProblem.existingDirectory(path), needed: WriteProblem.bytes(needed), fix: fix)
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
            fix: "restore the file, or run knapsack lock --update \(entry)")
    }

    /// A file of a cache that was there when the plan was made, and cannot be opened or read.
    fileprivate func unreadable(_ cause: FileError) -> Diagnostic {
        Diagnostic(
            code: cause.isMissing ? .fileMissing : .unreadable,
            "\(entry): \(file) \(cause.isMissing ? "is not in the cache any more" : "could not be read")",
            notes: ["\(cause)"],
            fix: cause.isMissing
                ? "download it again, or run knapsack lock --update \(entry)" : "see why, and pack again",
            verdict: .undecided)
    }
}
