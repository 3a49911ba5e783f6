import Glibc
import Storage

/// What one run of a command cost.
struct Measured {
    /// Wall time in seconds.
    let seconds: Double
    /// The largest resident set in bytes.
    let peakMemory: Int

    /// Runs commands side by side, with their output thrown away, and waits for all of them.
    ///
    /// - Throws: where one cannot be started or does not end with 0.
    static func running(
        _ commands: [[String]], environment: [String: String] = [:]
    ) throws -> Measured {
        let start = currentTime()
        let processes = try commands.map { try spawn($0, environment) }
        var peak = 0
        for (process, command) in zip(processes, commands) {
            var status: Int32 = 0
            var usage = rusage()
            guard unsafe wait4(process, &status, 0, &usage) == process, status == 0 else {
                throw BenchFailure(message: "\(command.joined(separator: " ")) failed with status \(status)")
            }
            peak = max(peak, usage.ru_maxrss * 1024)
        }
        return Measured(seconds: Double(currentTime() - start) / 1e9, peakMemory: peak)
    }

    /// Whether one of the runs took so long that more of them are not worth their time.
    static func isLong(_ runs: [Measured]) -> Bool { runs.contains { $0.seconds > 10 } }

    /// Starts a command whose input and output lead nowhere.
    static func spawn(_ command: [String], _ environment: [String: String]) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        // Every string is handed to the child as a copy, freed when it has been started.
        var arguments = unsafe command.map { unsafe strdup($0) } + [nil]
        let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin"
        let pairs = environment.map { "\($0)=\($1)" } + ["PATH=\(path)"]
        var variables = unsafe pairs.map { unsafe strdup($0) } + [nil]
        defer { unsafe (arguments + variables).forEach { unsafe free($0) } }
        var process = pid_t()
        let status = unsafe posix_spawnp(&process, command[0], &actions, nil, &arguments, &variables)
        guard status == 0 else { throw BenchFailure(message: "cannot start \(command[0])") }
        return process
    }
}

/// Why a benchmark could not be run.
struct BenchFailure: Error, CustomStringConvertible {
    /// What happened, as a sentence.
    let message: String
    /// The message alone.
    var description: String { message }
}

/// The middle of the runs by time.
func median(_ runs: [Measured]) -> Measured {
    let sorted = runs.sorted { $0.seconds < $1.seconds }
    return sorted[sorted.count / 2]
}
