import Formats
package import Storage
import Synchronization

/// Who did what: one line of JSON for each, appended to a file, whatever it is renamed to meanwhile.
package final class AuditLog: Sendable {
    private let path: String
    private let report: @Sendable (String) -> Void
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var file: FileHandle?
        /// Whether a line was cut off, because the disk was full.
        var isTorn = false
        /// How many lines could not be written since the last one that was.
        var missing = 0
    }

    /// Opens a file, and makes one that only its owner may read where there is none.
    /// - Parameter report: is told, as a sentence without its end, when lines cannot be written any more, and when they can.
    package init(_ path: String, report: @escaping @Sendable (String) -> Void) throws(FileError) {
        self.path = path
        self.report = report
        state = Mutex(State(file: try AuditLog.open(path)))
    }

    private static func open(_ path: String) throws(FileError) -> FileHandle {
        do throws(FileError) { _ = try FileHandle.creating(path, mode: 0o600) } catch {
            guard try FileStatus.existing(path) != nil else { throw error }
        }
        return try FileHandle.appending(path)
    }

    /// Goes on in a new file where the old one was renamed.
    package func reopen() {
        var failure: FileError?
        do throws(FileError) {
            let opened = try AuditLog.open(path)
            var file: FileHandle? = opened
            state.withLock {
                $0.file = file.take()
                $0.isTorn = false
            }
        } catch {
            failure = error
        }
        if let failure { report("the audit log cannot be opened again, and goes on as it was: \(failure)") }
    }

    /// Whether what is done can be noted. Where the last line could not be written, this tries again.
    func works() -> Bool {
        let missing = state.withLock { $0.missing }
        guard missing > 0 else { return true }
        return write([JSON.Member("event", "resumed"), JSON.Member("missing", .integer(missing))])
    }

    /// Notes what was done.
    /// - Parameters:
    ///   - event: the kind.
    ///   - holder: whose token it was.
    ///   - status: the answer's.
    func note(_ event: String, _ request: Request, holder: String?, _ response: Response) {
        var members: [JSON.Member] = [
            JSON.Member("event", .string(event)), JSON.Member("peer", .string(request.peer)),
            JSON.Member("token", holder.map(JSON.string) ?? .null),
            JSON.Member("method", .string(request.head.method)),
            JSON.Member("path", .string(AuditLog.path(request.head))),
            JSON.Member("status", .integer(response.status)),
        ]
        if let subject = response.subject {
            members.append(JSON.Member("subject", .string(subject.withVisibleScalars)))
        }
        _ = write(members)
    }

    /// - Returns: whether the line is in the file.
    private func write(_ members: [JSON.Member]) -> Bool {
        let time = HTTPDate.isoText(currentTime() / 1_000_000_000)
        let line = JSON.object([JSON.Member("time", .string(time))] + members).compactText + "\n"
        var told: String?
        let isWritten = state.withLock { state in
            // What was cut off stays as it is: nothing in the file is ever changed.
            let bytes = Array(((state.isTorn ? "\n" : "") + line).utf8)
            do throws(FileError) {
                try state.file?.write(bytes.span)
                if state.missing > 0 {
                    told = "the audit log is written again; \(state.missing) lines are missing"
                }
                state.missing = 0
                state.isTorn = false
                return true
            } catch {
                if state.missing == 0 {
                    told = "the audit log cannot be written, and nothing is changed until it can: \(error)"
                }
                state.missing += 1
                state.isTorn = true
                return false
            }
        }
        if let told { report(told) }
        return isWritten
    }

    /// The path and the query of a request as logs show them: without what lets its holder in.
    static func path(_ head: RequestHead) -> String {
        // Its last part is what lets the client in.
        guard KaggleRequest.isUpload(head) else { return withoutSecrets(head.target.text) }
        return "/" + head.target.segments.dropLast().joined(separator: "/").withVisibleScalars + "/..."
    }

    /// A target without what lets its holder in, and with escapes for all but the characters of ASCII that can be seen.
    static func withoutSecrets(_ target: String) -> String {
        let parts = target.utf8.split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        var text = (String(parts[0]) ?? "").withVisibleScalars
        guard parts.count == 2 else { return text }
        let pairs = parts[1].split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false).map {
            pair -> String in
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let word = HeaderFields.lowered(String(name) ?? "")
            let isSecret = ["token", "ticket", "key", "secret", "password", "signature", "auth"].contains {
                word.utf8.contains(subsequence: $0)
            }
            return isSecret
                ? (String(name) ?? "").withVisibleScalars + "=..." : (String(pair) ?? "").withVisibleScalars
        }
        text += "?" + pairs.joined(separator: "&")
        return text
    }
}

extension Sequence<UInt8> {
    /// Whether the bytes of a word are among them, one behind the other.
    fileprivate func contains(subsequence word: String) -> Bool {
        let all = Array(self)
        let wanted = Array(word.utf8)
        guard all.count >= wanted.count else { return false }
        return (0...(all.count - wanted.count)).contains { all[$0...].starts(with: wanted) }
    }
}
