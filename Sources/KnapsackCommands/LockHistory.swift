import Formats
import Manifests
import Storage

/// A lock as it was at earlier commits, as git has them.
struct LockHistory {
    /// The locks that could be read, the newest first.
    let locks: [Lock]
    /// How many could not, because another Knapsack wrote them or they have a conflict in them.
    let skipped: Int

    /// Takes locks that were read from files, the newest first.
    init(_ paths: [String]) throws {
        locks = try paths.map(Lock.read)
        skipped = 0
    }

    /// Asks git for the last versions of a lock that were committed.
    ///
    /// Git is told to run none of the programs that a repository's configuration can name, and writes nothing.
    /// - Parameter count: how many versions are looked for.
    /// - Throws: where there is no git, or the lock is in no repository of it.
    init(of path: String, last count: Int, _ context: CommandContext) throws {
        var environment = context.environment
        environment["GIT_OPTIONAL_LOCKS"] = "0"
        environment["LC_ALL"] = "C"
        let directory = Path.parent(path)
        func git(_ arguments: [String]) throws -> [UInt8]? {
            let options = [
                "--no-pager", "-C", directory, "-c", "core.fsmonitor=false", "-c", "log.showSignature=false",
            ]
            do throws(FileError) {
                let answer = try ChildProcess.run(
                    ["git"] + options + arguments, input: [], environment: environment, limit: Lock.sizeLimit)
                return answer.status == 0 ? answer.output : nil
            } catch {
                throw Diagnostics(LockHistory.problem("git could not be run", notes: ["\(error)"]))
            }
        }
        let name = Path.name(path)
        guard let list = try git(["log", "-n", "\(count)", "--format=%H", "--", "./\(name)"]) else {
            throw Diagnostics(LockHistory.problem("\(path) is in no repository of git"))
        }
        var locks: [Lock] = []
        var skipped = 0
        for line in list.split(separator: UInt8(ascii: "\n")) {
            let commit = String(decoding: line, as: UTF8.self)
            // A commit that deletes the lock has none.
            guard let bytes = try git(["cat-file", "blob", "\(commit):./\(name)"]) else { continue }
            if let lock = try? Lock.parse(bytes, path: path) { locks.append(lock) } else { skipped += 1 }
        }
        self.locks = locks
        self.skipped = skipped
    }

    private static func problem(_ message: String, notes: [String] = []) -> Diagnostic {
        Diagnostic(
            code: .lockUnreadable, message, notes: notes,
            fix: "name earlier locks with --earlier LOCK, the newest first", verdict: .undecided)
    }
}
