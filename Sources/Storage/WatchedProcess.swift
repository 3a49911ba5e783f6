import CLinux
import Formats
import Glibc
import Synchronization

/// Another program that works for a long time: its output goes to a file, and what it writes to its standard error is read
/// while it runs. It has a process group of its own, so that the keys of a terminal do not reach it.
package final class WatchedProcess: Sendable {
    private let name: String
    /// The process, until it was waited for: afterwards another one may have its number.
    private let running: Mutex<pid_t?>
    private let messages: FileHandle

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: its path and its arguments.
    ///   - environment: all variables that it gets.
    ///   - directory: its current directory.
    ///   - output: the file that gets its standard output; it is made, and may not exist.
    /// - Throws: where it cannot be started.
    package init(
        _ command: [String], environment: [String: String], directory: String, output: String
    ) throws(FileError) {
        let name = command.first ?? ""
        self.name = name
        let file = try FileHandle.creating(output)
        var ends: [Int32] = [-1, -1]
        guard unsafe knapsack_pipe(&ends) == 0 else { throw FileError("make a pipe for", name) }
        messages = FileHandle(descriptor: ends[0], path: name)
        let writing = FileHandle(descriptor: ends[1], path: name)
        var process = pid_t()
        let status = ProgramStart.start(
            command, environment: environment, output: file.descriptor, messages: writing.descriptor,
            directory: directory, process: &process)
        guard status == 0 else { throw FileError("run", name, code: status) }
        running = Mutex(process)
        WatchedProcess.end(consume writing)
    }

    /// Ends what only the program has to have.
    private static func end(_ handle: consuming FileHandle) {}

    /// Waits until the program ends, and hands over what it writes to its standard error, line by line. One thread calls it,
    /// once.
    ///
    /// - Parameters:
    ///   - lineLimit: the most bytes of a line that are kept.
    ///   - tick: is called about every 100 milliseconds, also while nothing is written.
    /// - Returns: the exit code, or -1 where a signal ended it.
    package func wait(
        lineLimit: Int = 1 << 16, tick: () -> Void, line: (String) -> Void
    ) -> Int32 {
        var rest: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 12)
        reading: while true {
            tick()
            var wanted = pollfd(fd: messages.descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&wanted, 1, 100)
            guard ready > 0 else { continue }
            let count = unsafe Glibc.read(messages.descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break reading }
            for byte in block[..<count] {
                if byte == 0x0A {
                    line(String(decoding: rest, as: UTF8.self))
                    rest.removeAll(keepingCapacity: true)
                } else if rest.count < lineLimit {
                    rest.append(byte)
                }
            }
        }
        if !rest.isEmpty { line(String(decoding: rest, as: UTF8.self)) }
        return reap(tick)
    }

    /// Takes the exit code: the program may have closed its standard error and go on.
    private func reap(_ tick: () -> Void) -> Int32 {
        while true {
            let status = running.withLock { process -> Int32? in
                guard let number = process else { return -1 }
                var status: Int32 = 0
                let found = unsafe waitpid(number, &status, WNOHANG)
                if found == 0 || (found < 0 && errno == EINTR) { return nil }
                process = nil
                guard found > 0 else { return -1 }
                return ProgramStart.exitCode(status)
            }
            if let status { return status }
            tick()
            pause(milliseconds: 5)
        }
    }

    /// Asks the program to end, or ends it.
    /// - Parameter atOnce: whether it gets no time to clean up.
    package func end(atOnce: Bool) {
        running.withLock { process in
            if let process { _ = kill(process, atOnce ? SIGKILL : SIGTERM) }
        }
    }

    /// Has the kernel end this process together with the one that started it, also where that one is killed.
    /// - Parameter parent: the number of that process; this one ends now where it is gone already.
    package static func endsWith(parent: Int32) {
        _ = knapsack_end_with_parent()
        if getppid() != parent { _exit(137) }
    }
}

/// The number of this process.
package func currentProcess() -> Int32 { getpid() }
