import Glibc
import Storage

/// What happens at Ctrl-C and at a polite kill: no half-written file stays, the terminal is left clean, and
/// the exit code says it.
public enum Interruption {
    /// Begins to wait for the signals, on a thread of its own: call it before any other thread is made.
    ///
    /// The bundle that was being written stays in its staging directory, from which the next pack goes on.
    public static func install() {
        signal(SIGPIPE, SIG_IGN)
        // Asked for, they end the process even where the parent ignored them, as shells do for background
        // jobs; a hangup that is ignored stays so, for nohup.
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
        var thread = pthread_t()
        // Signals that no thread takes wait until somebody asks for them, which this thread does.
        unsafe pthread_sigmask(SIG_BLOCK, [awaited], nil)
        unsafe pthread_create(&thread, nil, { _ in Interruption.wait() }, nil)
        pthread_detach(thread)
    }

    /// The signals that end the process.
    private static var awaited: sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&set, number) }
        return set
    }

    /// Waits for a signal and ends the process.
    private static func wait() -> Never {
        var number: Int32 = 0
        repeat {} while unsafe sigwait([awaited], &number) != 0
        PartialFile.removeAll()
        say(isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[Kinterrupted\n" : "interrupted\n")
        _exit(128 + number)
    }

    private static func say(_ text: StaticString) {
        // SAFETY: a static string is a constant of the executable, valid for its whole count.
        _ = unsafe write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }
}
