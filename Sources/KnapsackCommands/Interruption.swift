import Glibc

/// What happens at Ctrl-C and at a polite kill: the terminal is left clean, and the exit code says it.
public enum Interruption {
    /// Installs the handlers.
    ///
    /// Nothing has to be cleaned up on the disk: files get their names only when they are whole, and an
    /// interrupted pack goes on where it stopped.
    public static func install() {
        signal(SIGPIPE, SIG_IGN)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                // Only what POSIX allows in a handler: no allocation, no locks, no Swift objects.
                Interruption.say(isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[Kinterrupted\n" : "interrupted\n")
                _exit(128 + number)
            }
        }
    }

    private static func say(_ text: StaticString) {
        // SAFETY: a static string is a constant of the executable, valid for its whole count.
        _ = unsafe write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }
}
