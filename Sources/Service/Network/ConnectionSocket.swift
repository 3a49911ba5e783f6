import CEpoll
import Glibc
import Storage

/// The server's end of one connection, which waits for nothing longer than it is told to. What is unsafe about it is here.
struct ConnectionSocket: ~Copyable, Sendable {
    /// The open descriptor, closed with this value.
    let descriptor: Int32
    private let session: TLSServerSession?

    /// Takes an accepted descriptor over.
    /// - Parameter identity: who the server is in TLS; `nil` speaks plainly.
    init(_ descriptor: Int32, identity: TLSIdentity? = nil) {
        self.descriptor = descriptor
        session = identity.map { TLSServerSession($0, descriptor: descriptor) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        var on: Int32 = 1
        unsafe _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    }

    deinit { close(descriptor) }

    /// The session through which bytes go; `nil` where they go as they are.
    private var encrypted: TLSServerSession? { session?.state == .plain ? nil : session }

    /// Whether bytes are encrypted.
    var isEncrypted: Bool { encrypted != nil }

    /// Whether nobody has shaken hands yet.
    var isShakingHands: Bool { session?.state == .shaking }

    /// Goes on with the handshake as far as that goes at once.
    func shakeHands() -> TLSServerSession.Progress { session?.shakeHands() ?? .done }

    /// What came of reading.
    enum Received: Equatable {
        /// So many bytes, at least one.
        case bytes(Int)
        /// Nothing came yet.
        case nothing
        /// The client has ended its side, or the connection broke.
        case end
    }

    /// Reads what is there, and appends it.
    /// - Parameter limit: the most bytes that are taken.
    func receive(into buffer: inout [UInt8], limit: Int) -> Received {
        let room = min(limit, 1 << 16)
        guard room > 0 else { return .nothing }
        var received = Received.nothing
        // SAFETY: at most `room` bytes are written, for which there is room, and so many count as there.
        let part = unsafe [UInt8](unsafeUninitializedCapacity: room) { raw, initialized in
            guard let base = raw.baseAddress else { return }
            received = unsafe receive(at: UnsafeMutableRawPointer(base), room)
            if case .bytes(let count) = received { initialized = count }
        }
        // A copy: what waits for its rest keeps no more memory than it has bytes.
        buffer += part
        return received
    }

    /// Reads what is there into a buffer from its start on.
    /// - Parameter limit: the most bytes that are taken.
    func receive(into buffer: borrowing Buffer, limit: Int) -> Received {
        let room = min(limit, buffer.count)
        guard room > 0 else { return .nothing }
        // SAFETY: at most `room` bytes are written into memory that the buffer owns.
        return unsafe receive(at: buffer.base, room)
    }

    private func receive(at base: UnsafeMutableRawPointer, _ room: Int) -> Received {
        if let encrypted { return unsafe encrypted.read(into: base, count: room) }
        while true {
            let count = unsafe recv(descriptor, base, room, 0)
            if count > 0 { return .bytes(count) }
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN || errno == EWOULDBLOCK { return .nothing }
            return .end
        }
    }

    /// Sends some of the bytes.
    /// - Parameter more: whether something follows at once, which then goes in the same packet.
    /// - Returns: how many, 0 where none can be sent yet; `nil` where the connection broke.
    func send(_ bytes: Span<UInt8>, more: Bool) -> Int? {
        if let encrypted { return encrypted.write(bytes) }
        while true {
            // SAFETY: the kernel only reads the bytes that the span lends for the call.
            let count = unsafe bytes.withUnsafeBytes { raw in
                let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
                return unsafe Glibc.send(descriptor, raw.baseAddress, raw.count, flags)
            }
            if count >= 0 { return count }
            if errno == EAGAIN || errno == EWOULDBLOCK { return 0 }
            guard errno == EINTR else { return nil }
        }
    }

    /// What came of sending a part of a file.
    enum Sent {
        /// So many bytes.
        case bytes(Int)
        /// The client takes none at the moment.
        case full
        /// The file ends before the range does.
        case short
        /// The connection broke, or the file cannot be read.
        case failed
    }

    /// Sends bytes of a file without copying them (sendfile(2)), on a connection that is not encrypted.
    func send(_ range: Range<Int>, of file: borrowing FileHandle) -> Sent {
        while true {
            let count = knapsack_send_file(
                descriptor, file.descriptor, range.lowerBound, UInt(range.count))
            if count > 0 { return .bytes(count) }
            if count == 0 { return .short }
            if errno == EAGAIN || errno == EWOULDBLOCK { return .full }
            guard errno == EINTR else { return .failed }
        }
    }

    /// Waits until the socket can be read or written.
    /// - Returns: whether it can; false after so many seconds.
    func wait(for event: Int32, seconds: Double) -> Bool {
        let end = steadyTime() + Int64(seconds * 1e9)
        while true {
            let left = max(0, end - steadyTime()) / 1_000_000
            var one = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            let count = unsafe poll(&one, 1, Int32(clamping: left))
            // An error is seen by the call that follows.
            if count > 0 { return true }
            if count < 0, errno != EINTR { return false }
            if left == 0 { return false }
        }
    }

    /// Ends both directions: whoever waits for the socket is told, also in another thread.
    func end() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Ends the sending direction: the client sees the end of the answer, and may still send.
    func endSending() {
        encrypted?.end()
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Has the close that follows break the connection, so that the client cannot take what it got for the whole.
    func breakOff() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe _ = setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// The client's address for a log, without its port.
    func peer() -> String {
        var address = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        // SAFETY: both calls write no more than the sizes that are passed to them.
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                guard unsafe getpeername(descriptor, pointer, &length) == 0 else { return Int32(-1) }
                return unsafe getnameinfo(
                    pointer, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            }
        }
        guard code == 0 else { return "-" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
