import Glibc

/// A socket on which connections come in.
struct Listener: ~Copyable, Sendable {
    /// The open descriptor, closed with this value.
    let descriptor: Int32
    /// The port that it listens on: the one that was asked for, or the one that the kernel chose for 0.
    private(set) var port: Int

    private init(descriptor: Int32, port: Int) {
        self.descriptor = descriptor
        self.port = port
    }

    deinit { close(descriptor) }

    /// How many connections may wait until they are taken.
    private static let backlog: Int32 = 1024

    /// Listens on an address.
    /// - Parameters:
    ///   - host: a name or an address of this machine.
    ///   - port: 0 lets the kernel choose.
    static func open(host: String, port: Int) throws(ServerFailure) -> Listener {
        let what = "listen on \(host), port \(port)"
        guard !host.utf8.contains(0) else { throw ServerFailure(what, because: "the name has a NUL in it") }
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV | AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard code == 0, let first = unsafe list else {
            throw ServerFailure(what, because: unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(list) }
        let descriptor = socket(
            unsafe first.pointee.ai_family,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw ServerFailure(what, code: errno) }
        var listener = Listener(descriptor: descriptor, port: 0)
        var on: Int32 = 1
        // A server that was ended just now left connections in TIME_WAIT, which would keep the port for a minute.
        unsafe _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
        // SAFETY: the address is getaddrinfo's, of the length that it states, and stays until the list is freed above.
        guard unsafe bind(descriptor, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0,
            listen(descriptor, backlog) == 0
        else { throw ServerFailure(what, code: errno) }
        listener.port = listener.takenPort()
        return listener
    }

    private func takenPort() -> Int {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        // SAFETY: the kernel writes at most `length` bytes, which is the size of the larger of both kinds of address. Both
        // have the port at the same place.
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &length)
            }
        }
        return code == 0 ? Int(UInt16(bigEndian: address.sin6_port)) : 0
    }

    /// What came of taking a connection.
    enum Taken: ~Copyable {
        /// A connection.
        case connection(ConnectionSocket)
        /// None waits any more.
        case none
        /// The process has no descriptor left: taking has to wait.
        case exhausted
    }

    /// Takes the next connection that waits.
    /// - Parameter identity: who the server is in TLS; `nil` speaks plainly.
    func take(_ identity: TLSIdentity?) -> Taken {
        while true {
            let descriptor = accept(self.descriptor, nil, nil)
            if descriptor >= 0 { return .connection(ConnectionSocket(descriptor, identity: identity)) }
            switch errno {
            // One that was given up before it was taken.
            case EINTR, ECONNABORTED, EPROTO: continue
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted
            default: return .none
            }
        }
    }
}
