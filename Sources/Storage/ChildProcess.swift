import Formats
import Glibc

/// Another program that is run for its answer: it gets bytes on its standard input, and answers on its standard output.
package enum ChildProcess {
    /// What a program answered.
    package struct Answer: Sendable {
        /// The exit code, or -1 where a signal ended it.
        package let status: Int32
        /// What it wrote to its standard output.
        package let output: [UInt8]
    }

    /// How long a program may write nothing, in milliseconds: a helper may ask the user.
    private static let patience: Int32 = 120_000

    /// Runs a program of the search path and waits for its end. Its messages are not shown.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - input: at most what a pipe holds, 64 KiB.
    ///   - environment: all variables that it gets.
    ///   - limit: the most bytes of output that are taken.
    /// - Throws: where it cannot be started, writes more than that, or writes nothing for two minutes.
    package static func run(
        _ command: [String], input: [UInt8], environment: [String: String], limit: Int
    ) throws(FileError) -> Answer {
        let name = command.first ?? ""
        guard input.count <= 1 << 16 else { throw FileError("run", name, code: E2BIG) }
        let questions = try pipe(name)
        let inRead = FileHandle(descriptor: questions.reading, path: name)
        let inWrite = FileHandle(descriptor: questions.writing, path: name)
        let answers = try pipe(name)
        let outRead = FileHandle(descriptor: answers.reading, path: name)
        let outWrite = FileHandle(descriptor: answers.writing, path: name)
        try inWrite.write(input.span)
        let process = try spawn(command, environment, input: inRead, output: outWrite)
        close(consume inRead, consume inWrite, consume outWrite)
        var output: [UInt8] = []
        do throws(FileError) {
            output = try read(outRead, name, limit)
        } catch {
            _ = kill(process, SIGKILL)
            _ = wait(for: process)
            throw error
        }
        return Answer(status: wait(for: process), output: output)
    }

    /// Ends what only the program has to have.
    private static func close(
        _ first: consuming FileHandle, _ second: consuming FileHandle, _ third: consuming FileHandle
    ) {}

    /// Makes a pipe, whose ends no other program gets.
    private static func pipe(_ name: String) throws(FileError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { throw FileError("make a pipe for", name) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ command: [String], _ environment: [String: String], input: borrowing FileHandle,
        output: borrowing FileHandle
    ) throws(FileError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input.descriptor, STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, output.descriptor, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // Every text is handed over as a copy, freed when the program has been started.
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        let pairs = environment.map { "\($0)=\($1)" }.sortedByBytes()
        var variables = unsafe pairs.map { unsafe strdup($0) } + [nil]
        defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
        var process = pid_t()
        let status = unsafe posix_spawnp(&process, command[0], &actions, nil, &arguments, &variables)
        guard status == 0 else { throw FileError("run", command[0], code: status) }
        return process
    }

    private static func read(
        _ file: borrowing FileHandle, _ name: String, _ limit: Int
    ) throws(FileError) -> [UInt8] {
        var output: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 12)
        while true {
            var wanted = pollfd(fd: file.descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&wanted, 1, patience)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { throw FileError("wait for", name, code: ETIMEDOUT) }
            let count = unsafe Glibc.read(file.descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileError("read from", name) }
            if count == 0 { return output }
            output += block[..<count]
            guard output.count <= limit else { throw FileError("read from", name, code: EFBIG) }
        }
    }

    private static func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 {
            if errno != EINTR { return -1 }
        }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : -1
    }
}
