import Glibc

/// What happens at Ctrl-C and at a polite kill: the terminal is left clean, and the exit code says it.
public enum Interruption {
    /// Blocks the signals in this thread and all later ones, and lets one thread wait for them.
    ///
    /// Call it before anything else starts a thread. Nothing has to be cleaned up on the disk: files get
    /// their names only when they are whole, and an interrupted pack goes on where it stopped.
    public static func install() {
        signal(SIGPIPE, SIG_IGN)
        var signals = waited()
        unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
        var thread = pthread_t()
        let status = unsafe pthread_create(
            &thread, nil,
            { _ in
                var signals = Interruption.waited()
                var received: Int32 = 0
                while unsafe sigwait(&signals, &received) != 0 {}
                Interruption.leave(after: received)
            }, nil)
        if status != 0 { unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil) }
    }

    private static func waited() -> sigset_t {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { unsafe sigaddset(&signals, number) }
        return signals
    }

    private static func leave(after signal: Int32) -> Never {
        let text = isatty(STDERR_FILENO) == 1 ? "\r\u{1B}[Kinterrupted\n" : "interrupted\n"
        let bytes = Array(text.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
        _exit(128 + signal)
    }
}
