import Glibc
import Storage
import Synchronization

/// What happens at Ctrl-C and at a polite kill: no half-written file stays, the terminal is left clean, and
/// the exit code states it.
package enum SignalHandler {
    /// Where the handler writes a signal's number to.
    private static let input = Atomic<Int32>(-1)
    /// Where the waiting thread reads it from.
    private static let output = Atomic<Int32>(-1)

    /// Whether what was written so far is kept for the next run.
    private static let isResumable = Atomic<Bool>(false)

    /// What is done in place of ending the process, once.
    private static let ending = Mutex<(@Sendable () -> Void)?>(nil)

    /// Has the first signal call `action`, in place of ending the process; one that follows ends it all the same.
    package static func end(by action: @escaping @Sendable () -> Void) { ending.withLock { $0 = action } }

    /// What is done at a hang-up in place of that, each time.
    private static let rereading = Mutex<(@Sendable () -> Void)?>(nil)

    /// Has each hang-up call `action`, in place of ending the process.
    package static func rereads(by action: @escaping @Sendable () -> Void) {
        rereading.withLock { $0 = action }
    }

    /// From here on the same command goes on where this one is ended.
    package static func goesOn() { isResumable.store(true, ordering: .relaxed) }

    /// Installs the handlers.
    ///
    /// A bundle that was being written stays in its staging directory, from which the next pack goes on.
    package static func install() {
        // Writing past a limit is an error like a full disk, not a death without clean-up.
        for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
        var ends: [Int32] = [-1, -1]
        var thread = pthread_t()
        guard unsafe pipe(&ends) == 0 else { return }
        input.store(ends[1], ordering: .relaxed)
        output.store(ends[0], ordering: .relaxed)
        guard unsafe pthread_create(&thread, nil, { _ in SignalHandler.wait() }, nil) == 0 else { return }
        pthread_detach(thread)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                // Only what POSIX allows in a handler: no allocation, no locks, no Swift objects. The thread
                // may do all of that.
                var byte = UInt8(truncatingIfNeeded: number)
                _ = unsafe write(SignalHandler.input.load(ordering: .relaxed), &byte, 1)
            }
        }
    }

    /// Waits for a signal and ends the process.
    private static func wait() -> Never {
        var number = next()
        if let action = ending.withLock({ $0.take() }) {
            action()
            number = next()
        }
        WorkingProgram.endAll()
        PartialFile.removeAll()
        PartialDirectory.removeAll()
        if isatty(STDERR_FILENO) == 1 { say("\r\u{1B}[K") }
        say(
            isResumable.load(ordering: .relaxed)
                ? "interrupted: the same command goes on where this one stopped\n" : "interrupted\n")
        _exit(128 + Int32(number))
    }

    /// The next signal that is meant to end the process.
    private static func next() -> UInt8 {
        var number: UInt8 = 0
        while true {
            repeat {} while unsafe read(output.load(ordering: .relaxed), &number, 1) != 1
            guard Int32(number) == SIGHUP, let action = rereading.withLock({ $0 }) else { return number }
            action()
        }
    }

    private static func say(_ text: StaticString) {
        // SAFETY: a static string is a constant of the executable, valid for its whole count.
        _ = unsafe write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    }
}
