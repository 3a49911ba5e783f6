import Glibc

/// Taking the name under which a file or a directory is written until it is whole.
///
/// The name is always the same, so that the next run finds what a killed one left; the lock distinguishes a leftover from
/// what another process is writing.
extension FileHandle {
    /// How often a name is tried that changes hands all the time.
    private static let attempts = 100

    /// Makes a new file to write, locked until the handle ends, in the place of one that a killed process
    /// may have left there.
    ///
    /// - Parameter seconds: how long to wait for another process that has it.
    /// - Returns: `nil` where another process has it.
    /// - Throws: also where something else than a file has the name.
    package static func claiming(_ path: String, patience seconds: Int = 0) throws(FileError) -> FileHandle? {
        var rounds = max(1, seconds * 100)
        var removals = attempts
        while rounds > 0 {
            do throws(FileError) {
                let file = try creating(path)
                // Only who holds the lock of a file may take its name away: whoever looked at this one before
                // it was locked takes it for a leftover, and is the one who goes on.
                if try file.lockExclusively(), try file.isStill(path) { return file }
            } catch {
                guard error.isExisting else { throw error }
                if try removeLeftover(path) {
                    removals -= 1
                    guard removals > 0 else { throw .unsettled(path) }
                    continue
                }
            }
            rounds -= 1
            if rounds > 0 { usleep(10_000) }
        }
        return nil
    }

    /// Opens a directory and locks it until the handle ends; it is made if it is missing, with those above it.
    ///
    /// - Returns: `nil` where another process has it.
    /// - Throws: also where something else than a directory has the name, such as a link to one: what is written there
    ///   would be somewhere else.
    package static func claimingDirectory(_ path: String) throws(FileError) -> FileHandle? {
        for _ in 0..<attempts {
            if let status = try FileStatus.existing(path), status.kind != .directory {
                throw .obstructed(path, by: status.kind)
            }
            try Directory.make(path)
            let directory = try self.directory(path)
            guard try directory.lockExclusively() else { return nil }
            // Another process may have given it its final name, or removed it, before the lock was taken.
            if try directory.isStill(path) { return directory }
        }
        throw .unsettled(path)
    }

    /// Removes a file unless another process has locked it.
    /// - Returns: whether nothing is in the way any more.
    private static func removeLeftover(_ path: String) throws(FileError) -> Bool {
        guard let status = try FileStatus.existing(path) else { return true }
        guard status.kind == .file else { throw .obstructed(path, by: status.kind) }
        do throws(FileError) {
            let other = try reading(path)
            guard try other.lockExclusively() else { return false }
            if try other.isStill(path) { try Directory.removeFile(path) }
            return true
        } catch {
            guard error.isMissing else { throw error }
            return true
        }
    }

    /// Whether a path names this very file.
    private borrowing func isStill(_ path: String) throws(FileError) -> Bool {
        let (held, present) = (try status(), try FileStatus.existing(path))
        return present?.inode == held.inode && present?.device == held.device
    }
}

extension FileError {
    /// Something has a name that Knapsack needs and did not put there, so that it is not removed.
    static func obstructed(_ path: String, by kind: FileStatus.Kind) -> FileError {
        let what =
            switch kind {
            case .link: "a link"
            case .directory: "a directory"
            case .file: "a file"
            case .other: "a pipe, a socket or a device"
            }
        return FileError("use", path, code: EEXIST, reason: "\(what) is in the way; remove it")
    }

    /// A name that others take and give back all the time.
    fileprivate static func unsettled(_ path: String) -> FileError {
        FileError(
            "use", path, code: EBUSY, reason: "other processes make and remove it all the time; stop them")
    }
}
