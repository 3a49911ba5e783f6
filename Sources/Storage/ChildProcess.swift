import Glibc

/// Another program that is run for what it writes to its standard output.
package enum ChildProcess {
    /// Runs a program to its end, with nothing to read and its messages thrown away.
    ///
    /// - Parameters:
    ///   - program: its name, which is looked for as a shell does, by the `PATH` of this process.
    ///   - environment: all variables that it gets.
    ///   - limit: the most bytes that are taken; what writes more is ended.
    /// - Returns: what it wrote; `nil` if it ended with another status than 0, or wrote more.
    /// - Throws: where it could not be started, or its output not be read.
    package static func output(
        of program: String, _ arguments: [String], environment: [String: String], limit: Int
    ) throws(FileError) -> [UInt8]? {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe(&ends) == 0 else { throw FileError("run", program) }
        let output = FileHandle(descriptor: ends[0], path: program)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let process = try started([program] + arguments, environment, writingTo: ends[1])
        var bytes: [UInt8] = []
        var problem: FileError?
        do throws(FileError) {
            var buffer = Buffer(count: 1 << 16)
            while bytes.count <= limit {
                let count = try output.read(into: &buffer)
                if count == 0 { break }
                buffer.withBytes(count) { block in for index in block.indices { bytes.append(block[index]) } }
            }
        } catch {
            problem = error
        }
        // Whoever writes more than anybody reads would wait for ever.
        if problem != nil || bytes.count > limit { kill(process, SIGKILL) }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        if let problem { throw problem }
        return status == 0 && bytes.count <= limit ? bytes : nil
    }

    /// Starts a program, and closes the descriptor that it writes to here.
    private static func started(
        _ command: [String], _ environment: [String: String], writingTo output: Int32
    ) throws(FileError) -> pid_t {
        defer { close(output) }
        return try spawn(command, environment, writingTo: output)
    }

    private static func spawn(
        _ command: [String], _ environment: [String: String], writingTo output: Int32
    ) throws(FileError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // Every string is a copy that is freed when the program has been started.
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        let pairs = environment.map { "\($0)=\($1)" }
        var variables = unsafe pairs.map { unsafe strdup($0) } + [nil]
        defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
        var process = pid_t()
        let status = unsafe posix_spawnp(&process, command[0], &actions, nil, &arguments, &variables)
        guard status == 0 else { throw FileError("run", command[0], code: status) }
        return process
    }
}
