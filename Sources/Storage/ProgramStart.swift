import CLinux
import Formats
import Glibc

/// Starts other programs: each with an empty standard input and a process group of its own, so that the keys of a terminal
/// do not reach it.
enum ProgramStart {
    /// Starts a program.
    ///
    /// - Parameters:
    ///   - command: the program, by its path or by a name of the search path, and its arguments.
    ///   - environment: all variables that it gets.
    ///   - output: gets its standard output.
    ///   - messages: gets its standard error.
    ///   - directory: its current directory; `nil` for that of this process.
    ///   - usual: signals that this process may ignore, and the program shall not.
    ///   - process: its number, where it was started.
    /// - Returns: 0, or why it was not.
    static func start(
        _ command: [String], environment: [String: String], output: Int32, messages: Int32,
        directory: String? = nil, usual: [Int32] = [], process: inout pid_t
    ) -> Int32 {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO)
        if let directory { unsafe _ = knapsack_spawn_in(&actions, directory) }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in usual { unsafe sigaddset(&signals, number) }
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
        // Every text is handed over as a copy, freed when the program has been started.
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        let pairs = environment.map { "\($0)=\($1)" }.sortedByBytes()
        var variables = unsafe pairs.map { unsafe strdup($0) } + [nil]
        defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
        return unsafe posix_spawnp(
            &process, command.first ?? "", &actions, &attributes, &arguments, &variables)
    }

    /// The exit code in what `waitpid` tells of a program, or -1 where a signal ended it.
    static func exitCode(_ status: Int32) -> Int32 { status & 0x7F == 0 ? (status >> 8) & 0xFF : -1 }
}
