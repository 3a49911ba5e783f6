import CTLS
import Glibc

/// The server's side of TLS on one connection. It never waits: what cannot be done at once is told.
@safe final class TLSServerSession: @unchecked Sendable {
    // SAFETY: made in init, freed in deinit, and only this object holds the pointer. It belongs to one connection, which one
    // thread uses at a time.
    private let session: OpaquePointer?
    // Kept as long as its session.
    private let identity: TLSIdentity
    private let descriptor: Int32
    /// How far the connection is.
    private(set) var state = State.shaking
    private var hasBegun = false

    /// What a connection is in.
    enum State {
        /// In the handshake.
        case shaking
        /// Bytes are encrypted.
        case open
        /// The client does not speak TLS: bytes go as they are, to tell it so.
        case plain
        /// Nothing can be sent or read any more.
        case broken
    }

    /// How far a handshake came.
    enum Progress {
        /// It is done, or none is needed.
        case done
        /// The client has to send more.
        case waits
        /// The client has to take more.
        case isFull
        /// The client speaks plain HTTP.
        case isPlain
        /// There will be none.
        case failed
    }

    /// Begins a session on a socket.
    init(_ identity: TLSIdentity, descriptor: Int32) {
        self.identity = identity
        self.descriptor = descriptor
        unsafe session = SSL_new(identity.context)
        if let session = unsafe session, unsafe SSL_set_fd(session, descriptor) == 1 { return }
        state = .broken
    }

    deinit { unsafe SSL_free(session) }

    /// Goes on with the handshake as far as that goes at once.
    func shakeHands() -> Progress {
        guard state == .shaking, let session = unsafe session else { return state == .open ? .done : .failed }
        if !hasBegun {
            switch firstByte() {
            // The type of a record that belongs to a handshake (RFC 8446, 5.1).
            case 22?: hasBegun = true
            case nil: return .waits
            case let byte? where (0x41...0x5A).contains(byte):
                state = .plain
                return .isPlain
            default: return failed()
            }
        }
        switch unsafe knapsack_tls_accept(session) {
        case Int32(KNAPSACK_TLS_WANT_READ): return .waits
        case Int32(KNAPSACK_TLS_WANT_WRITE): return .isFull
        case let result where result > 0:
            state = .open
            return .done
        default: return failed()
        }
    }

    private func failed() -> Progress {
        state = .broken
        return .failed
    }

    /// The first byte that came, which stays where it is; 0 where the client has ended.
    private func firstByte() -> UInt8? {
        var byte: UInt8 = 0
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK))
        if count == 1 { return byte }
        return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? nil : 0
    }

    /// Reads what is there into memory that the caller lends for `count` bytes.
    func read(into base: UnsafeMutableRawPointer, count: Int) -> ConnectionSocket.Received {
        guard state == .open, let session = unsafe session else { return .end }
        var done = 0
        // One call gives one record at most.
        while done < count {
            // SAFETY: libssl writes at most `count - done` bytes behind `done`, in memory that the caller lends for `count`.
            let result = unsafe knapsack_tls_read(session, base + done, Int32(clamping: count - done))
            if result > 0 {
                done += Int(result)
                continue
            }
            if result == Int32(KNAPSACK_TLS_WANT_READ) { break }
            // Nothing was said of an end where it is not 0, and nothing can be said any more.
            if result < 0 { state = .broken }
            return done > 0 ? .bytes(done) : .end
        }
        return done > 0 ? .bytes(done) : .nothing
    }

    /// Writes some of the bytes.
    /// - Returns: how many, 0 where none can be sent yet, and then the same have to be sent again; `nil` where the connection
    ///   broke.
    func write(_ bytes: Span<UInt8>) -> Int? {
        guard bytes.count > 0 else { return 0 }
        guard state == .open, let session = unsafe session else { return nil }
        // SAFETY: libssl only reads the bytes that the span lends for the call.
        let result = unsafe bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return Int32(KNAPSACK_TLS_PROTOCOL) }
            return unsafe knapsack_tls_write(session, base, Int32(clamping: raw.count))
        }
        if result > 0 { return Int(result) }
        if result == Int32(KNAPSACK_TLS_WANT_WRITE) { return 0 }
        state = .broken
        return nil
    }

    /// Tells the client that nothing more is sent: what it got is the whole.
    func end() {
        guard state == .open, let session = unsafe session else { return }
        unsafe knapsack_tls_end(session)
    }

    /// What libssl has to say of the last failure: ": wrong version number", or nothing.
    static func reason() -> String {
        let code = ERR_peek_last_error()
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else { return "" }
        return unsafe ": \(String(cString: text))"
    }
}
