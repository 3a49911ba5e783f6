import Glibc
import Storage

/// A TCP connection that waits for nothing longer than it is told to. What is unsafe about sockets is here.
struct Socket: ~Copyable, Sendable {
    /// The open descriptor, closed with this value.
    let descriptor: Int32
    /// The host, for messages.
    let name: String

    /// How long to wait before looking whether the end was asked for, in milliseconds.
    private static let step = 200

    private init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    deinit { close(descriptor) }

    /// Connects to the first address of a host that answers.
    ///
    /// - Parameter seconds: how long all addresses together may take.
    static func connect(
        host: String, port: Int, seconds: Double, _ cancellation: Cancellation
    ) throws(NetworkError) -> Socket {
        let addresses = try SocketAddress.find(host: host, port: port)
        let end = steadyTime() + Int64(seconds * 1e9)
        var last = "it has no address"
        for (index, address) in addresses.enumerated() {
            let left = Double(max(0, end - steadyTime())) / 1e9
            // One that does not answer leaves time for the others.
            let share = left / Double(min(addresses.count - index, 3))
            let descriptor = socket(
                address.family,
                Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                    | Int32(SOCK_NONBLOCK.rawValue), 0)
            guard descriptor >= 0 else {
                last = reason(errno)
                continue
            }
            let socket = Socket(descriptor: descriptor, name: host)
            var code = address.connect(descriptor)
            if code == EINPROGRESS {
                if try socket.wait(for: POLLOUT, seconds: share, cancellation) {
                    code = socket.pendingError()
                } else {
                    code = ETIMEDOUT
                }
            }
            guard code == 0 else {
                last = reason(code)
                continue
            }
            var on: Int32 = 1
            unsafe _ = setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
            return socket
        }
        throw NetworkError(.connection, "no connection to \(host), port \(port): \(last)")
    }

    /// Waits until the socket can be read or written.
    /// - Returns: whether it can; false after so many seconds.
    func wait(for event: Int32, seconds: Double, _ cancellation: Cancellation) throws(NetworkError) -> Bool {
        let end = steadyTime() + Int64(seconds * 1e9)
        while true {
            try cancellation.check()
            let left = Int(max(0, end - steadyTime()) / 1_000_000)
            var one = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            let count = unsafe poll(&one, 1, Int32(min(left, Socket.step)))
            // An error is reported by the call that follows.
            if count > 0 { return true }
            if count < 0, errno != EINTR { throw dropped(errno) }
            if left == 0 { return false }
        }
    }

    /// Reads into memory that the caller lends.
    /// - Returns: the number of bytes, 0 where the other side has ended the connection, `nil` where there is none yet.
    func read(into base: UnsafeMutableRawPointer, count: Int) throws(NetworkError) -> Int? {
        while true {
            let result = unsafe recv(descriptor, base, count, 0)
            if result >= 0 { return result }
            if errno == EAGAIN || errno == EWOULDBLOCK { return nil }
            guard errno == EINTR else { throw dropped(errno) }
        }
    }

    /// Writes some of the bytes.
    /// - Returns: the number of bytes, `nil` where none can be written yet.
    func write(_ bytes: Span<UInt8>) throws(NetworkError) -> Int? {
        while true {
            let result = unsafe bytes.withUnsafeBytes { raw in
                unsafe send(descriptor, raw.baseAddress, raw.count, Int32(MSG_NOSIGNAL))
            }
            if result >= 0 { return result }
            if errno == EAGAIN || errno == EWOULDBLOCK { return nil }
            guard errno == EINTR else { throw dropped(errno) }
        }
    }

    /// Whether bytes came, or the other side ended the connection, while nothing was asked: it is of no more use.
    func hasUnaskedBytes() -> Bool {
        var one = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&one, 1, 0) != 0
    }

    private func pendingError() -> Int32 {
        var code: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return errno }
        return code
    }

    private func dropped(_ code: Int32) -> NetworkError {
        NetworkError(.dropped, "the connection to \(name) broke: \(Socket.reason(code))")
    }

    /// The reason that the kernel gives, in English: Knapsack never sets a locale.
    private static func reason(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }
}

/// One address of a host.
struct SocketAddress: Sendable {
    /// `AF_INET` or `AF_INET6`.
    let family: Int32
    private let bytes: [UInt8]

    /// All addresses of a host, in the order in which the machine wants them tried.
    static func find(host: String, port: Int) throws(NetworkError) -> [SocketAddress] {
        guard !host.utf8.contains(0) else { throw NetworkError(.name, "the host's name has a NUL in it") }
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else {
            let reason = unsafe String(cString: gai_strerror(code))
            throw NetworkError(.name, "no address of \(host): \(reason)", isPassing: code == EAI_AGAIN)
        }
        defer { unsafe freeaddrinfo(list) }
        var found: [SocketAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            // SAFETY: the list is getaddrinfo's and stays until it is freed above; each address has the length stated.
            let length = Int(unsafe entry.pointee.ai_addrlen)
            if let address = unsafe entry.pointee.ai_addr {
                let raw = unsafe UnsafeRawBufferPointer(start: address, count: length)
                found.append(SocketAddress(family: unsafe entry.pointee.ai_family, bytes: unsafe Array(raw)))
            }
            unsafe next = entry.pointee.ai_next
        }
        return found
    }

    /// Begins to connect a socket.
    /// - Returns: 0, or the error number, which is `EINPROGRESS` while the other side has not answered.
    func connect(_ descriptor: Int32) -> Int32 {
        // SAFETY: the bytes are an address as getaddrinfo gave it, aligned because arrays of this size are.
        let result = unsafe bytes.withUnsafeBytes { raw in
            guard let base = raw.baseAddress else { return Int32(-1) }
            return unsafe Glibc.connect(
                descriptor, base.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
        return result == 0 ? 0 : errno
    }
}
