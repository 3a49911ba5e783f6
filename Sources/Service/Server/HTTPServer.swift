import Formats
import Glibc
package import Storage
import Synchronization

/// A server of HTTP/1.1 on one address.
///
/// All threads wait on one event queue. A connection that has something to read is handed to one of them, which reads what is
/// there and, once a head is whole, answers the request: an idle client, or one that sends its head slowly, holds no thread.
package final class HTTPServer: Sendable {
    /// The port that is listened on.
    package let port: Int

    private let listener: Listener
    private let queue: EventQueue
    private let settings: ServerSettings
    private let handler: any RequestHandler
    private let log: @Sendable (AnsweredRequest) -> Void
    private let connections = Mutex<[UInt64: ServerConnection]>([:])
    /// How many of them each address has.
    private let counts = Mutex<[ExactName: Int]>([:])
    private let nextNumber = Atomic<UInt64>(1)
    /// Who the server is in TLS; `nil` speaks plainly.
    private let identity: Mutex<TLSIdentity?>
    private let isStopping = Atomic(false)
    /// Whether the listener has to be watched again, because no descriptor was left for a connection.
    private let isPaused = Atomic(false)

    private static let listenerNumber: UInt64 = 0
    /// How long a thread waits before it looks whether the server stops, in milliseconds.
    private static let step: Int32 = 500
    /// How long a client that was refused may hold a thread until it has the answer.
    private static let refusedSeconds = 0.1

    /// Begins to listen: clients can connect, and are answered as soon as it runs.
    /// - Parameters:
    ///   - identity: who the server is in TLS; `nil` speaks plainly.
    ///   - log: receives every request that was answered, in the thread that did it.
    package init(
        _ settings: ServerSettings, _ handler: any RequestHandler, identity: TLSIdentity? = nil,
        log: @escaping @Sendable (AnsweredRequest) -> Void = { _ in }
    ) throws(ServerFailure) {
        listener = try Listener.open(host: settings.host, port: settings.port)
        port = listener.port
        queue = try EventQueue()
        self.settings = settings
        self.handler = handler
        self.identity = Mutex(identity)
        self.log = log
        guard queue.watch(listener.descriptor, as: HTTPServer.listenerNumber, isNew: true) else {
            throw ServerFailure("wait for connections", because: "the queue takes no socket")
        }
    }

    /// Answers requests until ``stop()`` is called and those that run have ended.
    package func run() async throws(FileError) {
        try await Threads.run(settings.threads + 1) { [self] number in
            if number == 0 { watchOver() } else { work() }
        }
    }

    /// Is another one in TLS to those who connect from now on.
    package func become(_ identity: TLSIdentity) { self.identity.withLock { $0 = identity } }

    /// How many connections are open.
    package var openConnections: Int { connections.withLock { $0.count } }

    /// Takes no more requests, ends idle connections, and has ``run()`` return.
    package func stop() { isStopping.store(true, ordering: .releasing) }

    private var stops: Bool { isStopping.load(ordering: .acquiring) }

    // MARK: Threads

    private func work() {
        while !stops {
            guard let number = queue.next(milliseconds: HTTPServer.step) else { continue }
            if number == HTTPServer.listenerNumber {
                takeConnections()
            } else if let connection = connections.withLock({ $0[number] }) {
                connection.deadline.store(0, ordering: .releasing)
                serve(connection)
            }
        }
    }

    /// Ends connections whose time is over, and after the grace all of them.
    private func watchOver() {
        var end: Int64?
        while true {
            pause(milliseconds: 200)
            let now = steadyTime()
            if stops, end == nil { end = now + Int64(settings.graceSeconds * 1e9) }
            if isPaused.exchange(false, ordering: .acquiringAndReleasing) { watchListener() }
            let open = connections.withLock { Array($0.values) }
            if let end, open.isEmpty || now >= end {
                for connection in open { connection.socket.end() }
                return
            }
            for connection in open {
                let deadline = connection.deadline.load(ordering: .acquiring)
                guard deadline != 0, end != nil || deadline <= now else { continue }
                if end != nil {
                    // No thread takes its events any more.
                    drop(connection)
                } else {
                    // Its thread is told that it has ended, and drops it.
                    connection.socket.end()
                }
            }
        }
    }

    // MARK: Connections

    private func watchListener() {
        _ = queue.watch(listener.descriptor, as: HTTPServer.listenerNumber, isNew: false)
    }

    private func takeConnections() {
        let identity = identity.withLock { $0 }
        // A burst is shared with the other threads.
        for _ in 0..<16 {
            switch listener.take(identity) {
            case .connection(let socket): add(socket)
            case .none: return watchListener()
            case .exhausted:
                endIdlest()
                return isPaused.store(true, ordering: .releasing)
            }
        }
        watchListener()
    }

    private func add(_ socket: consuming ConnectionSocket) {
        let number = nextNumber.wrappingAdd(1, ordering: .relaxed).oldValue
        let connection = ServerConnection(socket, number: number, settings)
        guard counts(connection) else {
            _ = ResponseWriter(connection: connection, isHead: false, isModern: true, staysOpen: false).send(
                .refusal(429, "this address has too many connections").with("Retry-After", "1"))
            return connection.socket.endSending()
        }
        let count = connections.withLock { all in
            all[number] = connection
            return all.count
        }
        if count > settings.connections { endIdlest() }
        connection.setDeadline()
        guard queue.watch(connection.socket.descriptor, as: number, isNew: true) else {
            return drop(connection)
        }
    }

    /// Counts a connection for its address.
    /// - Returns: whether it may stay.
    private func counts(_ connection: ServerConnection) -> Bool {
        let isCounted = settings.isLoopbackCounted || !ClientNetwork.isLoopback(connection.peer)
        let limit = isCounted ? settings.connectionsPerAddress ?? .max : .max
        return counts.withLock { counts in
            let key = ExactName(connection.network)
            let count = counts[key] ?? 0
            guard count < limit else { return false }
            counts[key] = count + 1
            return true
        }
    }

    /// Ends the connection that would be ended next for being idle.
    private func endIdlest() {
        let open = connections.withLock { Array($0.values) }
        let waiting = open.filter { $0.deadline.load(ordering: .acquiring) != 0 }
        let first = waiting.min { left, right in
            left.deadline.load(ordering: .relaxed) < right.deadline.load(ordering: .relaxed)
        }
        first?.socket.end()
    }

    /// Forgets a connection, whose socket is closed with it.
    private func drop(_ connection: ServerConnection) {
        guard connections.withLock({ $0.removeValue(forKey: connection.number) }) != nil else { return }
        counts.withLock { counts in
            let key = ExactName(connection.network)
            let left = (counts[key] ?? 1) - 1
            counts[key] = left > 0 ? left : nil
        }
    }

    /// Reads and answers what is there, and waits for more.
    private func serve(_ connection: ServerConnection) {
        switch connection.socket.shakeHands() {
        case .done: break
        case .waits: return wait(for: connection)
        case .isFull: return wait(for: connection, isForWriting: true)
        case .isPlain:
            refuse(RequestHead.Refusal(400, "this port speaks TLS: ask with https://"), connection)
            return drop(connection)
        case .failed: return drop(connection)
        }
        while true {
            switch connection.readHead() {
            case .request(let head):
                guard answer(head, connection), !stops else { return drop(connection) }
            case .waits: return wait(for: connection)
            case .ended: return drop(connection)
            case .refused(let refusal):
                refuse(refusal, connection)
                return drop(connection)
            }
        }
    }

    /// Gives a connection back to the queue.
    private func wait(for connection: ServerConnection, isForWriting: Bool = false) {
        connection.setDeadline()
        let isWatched = queue.watch(
            connection.socket.descriptor, as: connection.number, isNew: false, isForWriting: isForWriting)
        if !isWatched { drop(connection) }
    }

    private func refuse(_ refusal: RequestHead.Refusal, _ connection: ServerConnection) {
        let begin = steadyTime()
        let writer = ResponseWriter(
            connection: connection, isHead: false, isModern: true, staysOpen: false)
        let outcome = writer.send(.refusal(refusal.status, refusal.reason))
        connection.endPolitely(seconds: HTTPServer.refusedSeconds)
        log(
            AnsweredRequest(
                peer: connection.peer, request: "-", status: refusal.status, bytes: outcome.bytes,
                microseconds: Int((steadyTime() - begin) / 1000), isWhole: outcome.isWhole))
    }

    /// Answers one request.
    /// - Returns: whether another one may follow on the connection.
    private func answer(_ head: RequestHead, _ connection: ServerConnection) -> Bool {
        let begin = steadyTime()
        let body = RequestBody(head, of: connection, settings)
        var request = Request(head: head, body: body, peer: connection.peer)
        request.isEncrypted = identity.withLock { $0 != nil }
        let response = response(to: request)
        let mayStay = head.staysOpen && !response.ends && !stops
        // Of a body that nobody read the rest would be taken for the next request.
        let staysOpen = mayStay && body.discard()
        let writer = ResponseWriter(
            connection: connection, isHead: request.isHead, isModern: head.isModern,
            staysOpen: staysOpen && (head.isModern || !response.isStream))
        let outcome = writer.send(response)
        log(
            AnsweredRequest(
                peer: connection.peer, request: "\(head.method) \(AuditLog.path(head))",
                status: response.status, bytes: outcome.bytes,
                microseconds: Int((steadyTime() - begin) / 1000), isWhole: outcome.isWhole))
        guard outcome.isWhole else {
            connection.socket.breakOff()
            return false
        }
        if !writer.staysOpen {
            connection.endPolitely(seconds: response.status < 400 ? 0.5 : HTTPServer.refusedSeconds)
        }
        return writer.staysOpen
    }

    private func response(to request: Request) -> Response {
        let expectations = request.head.fields.words("expect")
        guard expectations.isEmpty || expectations == ["100-continue"] else {
            return .refusal(417, "this expectation is not known")
        }
        if let limit = settings.bodyLimit, let length = request.body.announcedLength, length > limit {
            return RequestBody.Problem.tooLarge.response
        }
        return handler.answer(request)
    }
}

extension Response {
    /// Whether its length is known only at its end.
    fileprivate var isStream: Bool { if case .stream = body { true } else { false } }
}

extension ServerConnection {
    /// Ends the answers, and takes for a moment what the client still sends: closing at once would have the kernel throw the
    /// answer away that the client has not read yet.
    fileprivate func endPolitely(seconds: Double) {
        socket.endSending()
        let end = steadyTime() + Int64(seconds * 1e9)
        var taken = 0
        let buffer = Buffer(count: 1 << 14)
        while steadyTime() < end, taken < 1 << 20 {
            switch socket.receive(into: buffer, limit: buffer.count) {
            case .bytes(let count): taken += count
            case .nothing: _ = socket.wait(for: POLLIN, seconds: 0.1)
            case .end: return
            }
        }
    }
}
