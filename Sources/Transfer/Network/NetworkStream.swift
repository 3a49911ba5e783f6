import Glibc
import Storage
import Synchronization

/// What a connection is made with.
struct ConnectionSettings: Sendable {
    /// How long it may take until there is a connection, in seconds.
    var connectSeconds = 15.0
    /// How long a silence of the other side may last, in seconds.
    var silenceSeconds = 30.0
    /// Whom to trust; read when the first TLS connection is made.
    let trust: Trust
    /// Whether somebody wants it to end.
    let cancellation: Cancellation
}

/// The authorities that are trusted, read at most once.
final class Trust: Sendable {
    private let file: String?
    private let directory: String?
    private let read = Mutex<TrustedAuthorities?>(nil)

    /// Reads nothing yet; without a file and a directory the system's authorities are taken.
    init(file: String?, directory: String?) {
        self.file = file
        self.directory = directory
    }

    /// The authorities that the variables name which OpenSSL, requests and curl read, or the machine's own.
    convenience init(environment: [String: String]) {
        func named(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }
        self.init(
            file: named("SSL_CERT_FILE") ?? named("REQUESTS_CA_BUNDLE") ?? named("CURL_CA_BUNDLE"),
            directory: named("SSL_CERT_DIR"))
    }

    /// The authorities, read at the first call; throws if a named file cannot be read.
    func authorities() throws(NetworkError) -> TrustedAuthorities {
        try read.withLock { known throws(NetworkError) in
            if let known { return known }
            let made = try TrustedAuthorities(file: file, directory: directory)
            known = made
            return made
        }
    }
}

/// Bytes to and from one server, with TLS or without.
final class NetworkStream: @unchecked Sendable {
    // SAFETY: a connection has one owner at a time, a response or the pool, and goes from one to the other as a whole.
    private let socket: Socket
    private var tls: TLSSession?
    private let settings: ConnectionSettings

    /// Connects to a host.
    init(host: String, port: Int, _ settings: ConnectionSettings) throws(NetworkError) {
        socket = try Socket.connect(
            host: host, port: port, seconds: settings.connectSeconds, settings.cancellation)
        tls = nil
        self.settings = settings
    }

    /// Goes on in TLS.
    /// - Parameter host: the name that the certificate has to be for.
    func startTLS(host: String) throws(NetworkError) {
        tls = try TLSSession(
            socket, host: host, authorities: settings.trust.authorities(), seconds: settings.connectSeconds,
            settings.cancellation)
    }

    /// Reads into memory that the caller lends, and waits until there is something.
    /// - Returns: the number of bytes, 0 where the other side has ended the connection.
    func read(into base: UnsafeMutableRawPointer, count: Int) throws(NetworkError) -> Int {
        if let done = try unsafe tls?.read(
            into: base, count: count, socket, seconds: settings.silenceSeconds, settings.cancellation)
        {
            return done
        }
        while true {
            if let done = try unsafe socket.read(into: base, count: count) { return done }
            guard try socket.wait(for: POLLIN, seconds: settings.silenceSeconds, settings.cancellation) else {
                let seconds = Int(settings.silenceSeconds)
                throw NetworkError(.stalled, "\(socket.name) sent nothing for \(seconds) seconds")
            }
        }
    }

    /// Writes all of the bytes.
    func write(_ bytes: Span<UInt8>) throws(NetworkError) {
        var done = 0
        while done < bytes.count {
            let rest = bytes.extracting(done..<bytes.count)
            if let count = try tls?.write(
                rest, socket, seconds: settings.silenceSeconds, settings.cancellation)
            {
                done += count
            } else if let count = try socket.write(rest) {
                done += count
            } else if try !socket.wait(
                for: POLLOUT, seconds: settings.silenceSeconds, settings.cancellation)
            {
                throw NetworkError(.stalled, "\(socket.name) took nothing for a long time")
            }
        }
    }

    /// Whether a connection that nobody uses can be used again.
    func isQuiet() -> Bool { !socket.hasUnaskedBytes() && tls?.hasUnaskedBytes() != true }
}
