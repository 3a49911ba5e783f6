import Formats
import Glibc
import Synchronization

/// Everything that a command knows of the world outside, so that tests can run one without a process.
package struct CommandContext: Sendable {
    /// The environment's variables.
    package let environment: [String: String]
    /// Receives the one document on standard output, or what a shell should read.
    package let writeOutput: @Sendable (String) -> Void
    /// Receives what people read.
    package let writeError: @Sendable (String) -> Void
    /// What standard error is drawn on.
    package let terminal: Terminal

    /// Makes a context.
    package init(
        environment: [String: String], terminal: Terminal,
        writeOutput: @escaping @Sendable (String) -> Void, writeError: @escaping @Sendable (String) -> Void
    ) {
        self.environment = environment
        self.terminal = terminal
        self.writeOutput = writeOutput
        self.writeError = writeError
    }

    /// The context of this process.
    package static func process() -> CommandContext {
        let environment = processEnvironment()
        let isGitHub = environment["GITHUB_ACTIONS"] == "true"
        return CommandContext(
            environment: environment, terminal: Terminal.standardError(environment),
            writeOutput: { write($0, to: STDOUT_FILENO) },
            writeError: { write(isGitHub ? GitHubCommands.harmless($0) : $0, to: STDERR_FILENO) })
    }

    /// The directory where Knapsack keeps what it remembers: `KNAPSACK_CACHE_DIR`, else `knapsack` in the
    /// user's cache directory.
    var cacheDirectory: String? {
        if let path = environment["KNAPSACK_CACHE_DIR"], !path.isEmpty { return path }
        if let base = environment["XDG_CACHE_HOME"], base.hasPrefix("/") { return base + "/knapsack" }
        return environment["HOME"].map { $0 + "/.cache/knapsack" }
    }

    private static func processEnvironment() -> [String: String] {
        var result: [String: String] = [:]
        var next = unsafe environ
        // SAFETY: environ is a NULL-terminated array of C strings, and nothing here changes it.
        while let text = unsafe next.pointee {
            let pair = unsafe String(cString: text)
            if let equals = pair.firstIndex(of: "=") {
                result[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            unsafe next += 1
        }
        return result
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count > 0 { bytes = bytes.dropFirst(count) } else if errno != EINTR { return }
        }
    }
}

/// What people's text is drawn on.
package struct Terminal: Equatable, Sendable {
    /// Whether it is a terminal, on which a line can be drawn again.
    package let isInteractive: Bool
    /// Whether colours may be used.
    package let hasColor: Bool
    /// The number of columns.
    package let width: Int
    /// Whether bars of block characters can be drawn on standard output: it is a terminal, and its locale has them.
    package let hasBlocks: Bool

    /// The columns that a table may take: all that it needs where nobody looks at a screen.
    var tableWidth: Int { isInteractive ? width : .max }

    /// Describes a terminal, or what stands in its place; the width is in columns.
    package init(isInteractive: Bool, hasColor: Bool, width: Int, hasBlocks: Bool = false) {
        self.hasBlocks = hasBlocks
        self.isInteractive = isInteractive
        self.hasColor = hasColor
        self.width = width
    }

    /// A file or a pipe.
    package static let plain = Terminal(isInteractive: false, hasColor: false, width: 100)

    /// Standard error of this process: no colour where it is no terminal, under a set `NO_COLOR`
    /// (no-color.org) or `TERM=dumb`.
    static func standardError(_ environment: [String: String]) -> Terminal {
        guard isatty(STDERR_FILENO) == 1, environment["TERM"] != "dumb" else { return plain }
        var size = winsize()
        let known = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let forbidden = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        return Terminal(
            isInteractive: true, hasColor: !forbidden, width: known ? Int(size.ws_col) : 80,
            hasBlocks: isatty(STDOUT_FILENO) == 1 && hasUnicode(environment))
    }

    /// Whether the locale's characters are those of UTF-8: the first variable that is set decides, as in POSIX.
    static func hasUnicode(_ environment: [String: String]) -> Bool {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        guard let locale else { return false }
        let name = locale.lowercased()
        return name.containsUTF8("utf-8") || name.containsUTF8("utf8")
    }
}
