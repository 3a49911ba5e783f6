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
        running = Mutex(
            try WatchedProcess.spawn(
                command, environment, directory, output: file.descriptor, messages: writing.descriptor))
        WatchedProcess.end(consume writing)
    }

    /// Ends what only the program has to have.
    private static func end(_ handle: consuming FileHandle) {}

    private static func spawn(
        _ command: [String], _ environment: [String: String], _ directory: String, output: Int32,
        messages: Int32
    ) throws(FileError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO)
        unsafe _ = knapsack_spawn_in(&actions, directory)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        // Every text is handed over as a copy, freed when the program has been started.
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        let pairs = environment.map { "\($0)=\($1)" }.sortedByBytes()
        var variables = unsafe pairs.map { unsafe strdup($0) } + [nil]
        defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
        var process = pid_t()
        let status = unsafe posix_spawn(
            &process, command.first ?? "", &actions, &attributes, &arguments, &variables)
        guard status == 0 else { throw FileError("run", command.first ?? "", code: status) }
        return process
    }

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
                return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
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
