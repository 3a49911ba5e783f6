import CEpoll
import Glibc

/// The sockets that wait for something to read, of which each is handed to one thread alone (epoll(7) with `EPOLLONESHOT`).
struct EventQueue: ~Copyable, Sendable {
    private let descriptor: Int32

    /// Makes an empty queue.
    init() throws(ServerFailure) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw ServerFailure("wait for connections", code: errno) }
    }

    deinit { close(descriptor) }

    /// Has the queue tell once that a socket has something to read, or has ended.
    ///
    /// - Parameters:
    ///   - number: what ``next(milliseconds:)`` then returns.
    ///   - isNew: whether the socket is not in the queue yet.
    ///   - isForWriting: whether it is told that the socket takes bytes, in place of that.
    /// - Returns: whether it will be told.
    func watch(_ socket: Int32, as number: UInt64, isNew: Bool, isForWriting: Bool = false) -> Bool {
        knapsack_watch(descriptor, socket, number, isNew ? 1 : 0, isForWriting ? 1 : 0) == 0
    }

    /// The number of the next socket that has something to read; `nil` where none had for so long.
    func next(milliseconds: Int32) -> UInt64? {
        var number: UInt64 = 0
        return unsafe knapsack_next_watched(descriptor, &number, milliseconds) == 1 ? number : nil
    }
}

/// Why a server could not begin.
package struct ServerFailure: Error, Sendable, CustomStringConvertible {
    /// What could not be done, and why, after "could not".
    package let description: String
    /// Whether the address is in use by another server.
    package let isTaken: Bool

    /// Takes the kernel's error number.
    init(_ what: String, code: Int32) {
        // Knapsack never sets a locale, so that the reason is in English.
        description = "could not \(what): \(unsafe String(cString: strerror(code)))"
        isTaken = code == EADDRINUSE
    }

    /// Takes a reason in words.
    init(_ what: String, because reason: String) {
        description = "could not \(what): \(reason)"
        isTaken = false
    }
}
