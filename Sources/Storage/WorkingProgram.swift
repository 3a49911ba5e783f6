import CLinux
import Formats
import Glibc
import Synchronization

/// Another program that works for long, such as one that runs a model: what it writes is heard while it works, and it ends
/// with this process.
///
/// It has a process group of its own, so that it is ended with all that it started: by ``endAll()``, where this process is
/// interrupted, and where it writes more than it should.
package enum WorkingProgram {
    /// What a program left.
    package struct Answer: Sendable {
        /// The exit code, or -1 where a signal ended it.
        package let status: Int32
        /// What it wrote to its standard output.
        package let output: [UInt8]
        /// The last of what it wrote to its standard error.
        package let messages: [UInt8]
    }

    /// How much of the messages is kept.
    private static let messageLimit = 1 << 16

    private struct Group {
        var leaders: Set<pid_t> = []
        var isEnding = false
    }

    private static let running = Mutex(Group())

    /// Runs a program and waits for its end, however long that takes. Its standard input is empty.
    ///
    /// - Parameters:
    ///   - command: the program, by its path or by a name of the search path, and its arguments.
    ///   - environment: all variables that it gets.
    ///   - limit: the most bytes of output that are taken.
    ///   - heard: gets what it writes to either, part by part.
    /// - Throws: where it cannot be started, or writes more than that.
    package static func run(
        _ command: [String], environment: [String: String], limit: Int,
        heard: (_ part: ArraySlice<UInt8>) -> Void = { _ in }
    ) throws(FileError) -> Answer {
        let name = command.first ?? ""
        let answers = try pipe(name)
        let outRead = FileHandle(descriptor: answers.reading, path: name)
        let outWrite = FileHandle(descriptor: answers.writing, path: name)
        let words = try pipe(name)
        let wordRead = FileHandle(descriptor: words.reading, path: name)
        let wordWrite = FileHandle(descriptor: words.writing, path: name)
        let process = try start(command, environment, output: outWrite, messages: wordWrite)
        close(consume outWrite, consume wordWrite)
        var (output, messages): ([UInt8], [UInt8]) = ([], [])
        do throws(FileError) {
            try listen(outRead, wordRead, name, limit, &output, &messages, heard)
        } catch {
            end(process)
            throw error
        }
        let status = wait(for: process)
        forget(process)
        return Answer(status: status, output: output, messages: messages)
    }

    /// Ends every program that is running, for a process that ends; no other is started after it.
    package static func endAll() {
        running.withLock { group in
            group.isEnding = true
            for process in group.leaders { _ = kill(-process, SIGKILL) }
        }
    }

    // MARK: Steps

    private static func close(_ first: consuming FileHandle, _ second: consuming FileHandle) {}

    /// Makes a pipe, whose ends no other program gets.
    private static func pipe(_ name: String) throws(FileError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe knapsack_pipe(&ends) == 0 else { throw FileError("make a pipe for", name) }
        return (ends[0], ends[1])
    }

    private static func start(
        _ command: [String], _ environment: [String: String], output: borrowing FileHandle,
        messages: borrowing FileHandle
    ) throws(FileError) -> pid_t {
        var process = pid_t()
        let status = running.withLock { group in
            guard !group.isEnding else { return EINTR }
            // What this process ignores would be ignored there, too: a broken pipe has to end it.
            let status = ProgramStart.start(
                command, environment: environment, output: output.descriptor, messages: messages.descriptor,
                usual: [SIGPIPE, SIGXFSZ], process: &process)
            if status == 0 { group.leaders.insert(process) }
            return status
        }
        guard status == 0 else { throw FileError("run", command.first ?? "", code: status) }
        return process
    }

    private static func listen(
        _ output: borrowing FileHandle, _ words: borrowing FileHandle, _ name: String, _ limit: Int,
        _ taken: inout [UInt8], _ messages: inout [UInt8], _ heard: (ArraySlice<UInt8>) -> Void
    ) throws(FileError) {
        var block = [UInt8](repeating: 0, count: 1 << 14)
        var open = [
            pollfd(fd: output.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: words.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        while open.contains(where: { $0.fd >= 0 }) {
            let ready = unsafe poll(&open, nfds_t(open.count), -1)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { throw FileError("wait for", name) }
            for place in open.indices where open[place].fd >= 0 && open[place].revents != 0 {
                let count = unsafe Glibc.read(open[place].fd, &block, block.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw FileError("read from", name) }
                guard count > 0 else {
                    open[place].fd = -1
                    continue
                }
                heard(block[..<count])
                if place == 0 {
                    taken += block[..<count]
                    guard taken.count <= limit else { throw FileError("read from", name, code: EFBIG) }
                } else {
                    messages += block[..<count]
                    if messages.count > 2 * messageLimit {
                        messages.removeFirst(messages.count - messageLimit)
                    }
                }
            }
        }
    }

    private static func end(_ process: pid_t) {
        _ = kill(-process, SIGKILL)
        _ = wait(for: process)
        forget(process)
    }

    /// Takes a program that has ended from the list. Where this process is ending, nothing goes on: the end of the program
    /// is no answer.
    private static func forget(_ process: pid_t) {
        let isEnding = running.withLock { group in
            group.leaders.remove(process)
            return group.isEnding
        }
        while isEnding { _ = sleep(1) }
    }

    private static func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            if errno != EINTR { return -1 }
        }
        return ProgramStart.exitCode(status)
    }
}
