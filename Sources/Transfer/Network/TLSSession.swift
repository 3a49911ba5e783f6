import CTLS
import Formats
import Glibc
import Storage

/// Whom this machine trusts to sign certificates, ready for connections. What is unsafe about it is here.
@safe final class TrustedAuthorities: Sendable {
    // SAFETY: made in init, freed in deinit, and never changed in between: libssl allows a context in several threads.
    nonisolated(unsafe) fileprivate let context: OpaquePointer

    /// Where distributions keep the certificates of the authorities; the first one that is there is taken.
    static let bundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
    ]

    /// Reads the certificates of the authorities.
    /// - Parameters:
    ///   - file: a file of certificates in PEM; the machine's own if it is `nil`.
    ///   - directory: a directory of certificates by their hashes, as `openssl rehash` lays it out, or `nil`.
    init(file: String?, directory: String?) throws(NetworkError) {
        guard let made = unsafe SSL_CTX_new(TLS_client_method()) else {
            throw NetworkError(.certificate, "OpenSSL's libssl could not be set up")
        }
        unsafe context = made
        guard unsafe knapsack_tls_restrict(context) == 1 else {
            throw NetworkError(.certificate, "OpenSSL's libssl knows no TLS 1.2")
        }
        let file = file ?? (directory == nil ? TrustedAuthorities.bundles.first(where: Self.isThere) : nil)
        if file == nil, directory == nil {
            unsafe _ = SSL_CTX_set_default_verify_paths(context)
            return
        }
        guard unsafe SSL_CTX_load_verify_locations(context, file, directory) == 1 else {
            throw NetworkError(
                .certificate, "no certificates of authorities could be read from \(file ?? directory ?? "")")
        }
    }

    deinit { unsafe SSL_CTX_free(context) }

    private static func isThere(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }
}

/// TLS over a socket: the server is who its name says, or there is no session.
@safe final class TLSSession: @unchecked Sendable {
    // SAFETY: made in init, freed in deinit, and only this object holds the pointer. It belongs to one stream, which one
    // thread uses at a time.
    private let session: OpaquePointer
    private let name: String

    /// Shakes hands.
    /// - Parameters:
    ///   - host: the name or the address that the certificate has to be for.
    ///   - seconds: how long a silence may last.
    init(
        _ socket: borrowing Socket, host: String, authorities: TrustedAuthorities, seconds: Double,
        _ cancellation: Cancellation
    ) throws(NetworkError) {
        guard let made = unsafe SSL_new(authorities.context) else {
            throw NetworkError(.certificate, "OpenSSL's libssl could not begin a session")
        }
        unsafe session = made
        name = host
        let isAddress = TLSSession.isAddress(host)
        guard unsafe SSL_set_fd(session, socket.descriptor) == 1,
            unsafe knapsack_tls_expect(session, host, isAddress ? 1 : 0) == 1
        else { throw NetworkError(.certificate, "OpenSSL's libssl does not take the name \(host)") }
        while true {
            let result = unsafe knapsack_tls_connect(session)
            if result > 0 { return }
            switch result {
            case Int32(KNAPSACK_TLS_WANT_READ), Int32(KNAPSACK_TLS_WANT_WRITE):
                let event = result == Int32(KNAPSACK_TLS_WANT_READ) ? POLLIN : POLLOUT
                guard try socket.wait(for: event, seconds: seconds, cancellation) else {
                    throw NetworkError(.stalled, "\(host) did not go on with the TLS handshake")
                }
            case Int32(KNAPSACK_TLS_SYSTEM):
                throw NetworkError(.dropped, "the connection to \(host) broke in the TLS handshake")
            default:
                let verdict = unsafe SSL_get_verify_result(session)
                guard verdict != X509_V_OK else {
                    throw NetworkError(
                        .dropped, "the TLS handshake with \(host) failed\(TLSSession.reason())")
                }
                let text = unsafe String(cString: X509_verify_cert_error_string(verdict))
                throw NetworkError(.certificate, "the certificate of \(host) is refused: \(text)")
            }
        }
    }

    deinit { unsafe SSL_free(session) }

    /// Reads into memory that the caller lends.
    /// - Returns: the number of bytes, 0 where the server has ended the session.
    func read(
        into base: UnsafeMutableRawPointer, count: Int, _ socket: borrowing Socket, seconds: Double,
        _ cancellation: Cancellation
    ) throws(NetworkError) -> Int {
        let count = Int32(clamping: count)
        while true {
            // SAFETY: libssl writes at most `count` bytes into memory that the caller lends for so many.
            let result = unsafe knapsack_tls_read(session, base, count)
            if result >= 0 { return Int(result) }
            try wait(result, socket, seconds: seconds, cancellation)
        }
    }

    /// Writes some of the bytes, at least one.
    func write(
        _ bytes: Span<UInt8>, _ socket: borrowing Socket, seconds: Double, _ cancellation: Cancellation
    ) throws(NetworkError) -> Int {
        while true {
            // SAFETY: libssl only reads the bytes that the span lends for the call.
            let result = unsafe bytes.withUnsafeBytes { raw in
                guard let base = raw.baseAddress else { return Int32(0) }
                return unsafe knapsack_tls_write(session, base, Int32(clamping: raw.count))
            }
            if result >= 0 { return Int(result) }
            try wait(result, socket, seconds: seconds, cancellation)
        }
    }

    /// Whether the server may have sent something that nobody asked for.
    func hasUnaskedBytes() -> Bool { unsafe SSL_pending(session) > 0 }

    private func wait(
        _ result: Int32, _ socket: borrowing Socket, seconds: Double, _ cancellation: Cancellation
    ) throws(NetworkError) {
        switch result {
        case Int32(KNAPSACK_TLS_WANT_READ), Int32(KNAPSACK_TLS_WANT_WRITE):
            let event = result == Int32(KNAPSACK_TLS_WANT_READ) ? POLLIN : POLLOUT
            guard try socket.wait(for: event, seconds: seconds, cancellation) else {
                throw NetworkError(.stalled, "\(name) sent nothing for \(Int(seconds)) seconds")
            }
        default:
            throw NetworkError(.dropped, "the TLS connection to \(name) broke\(TLSSession.reason())")
        }
    }

    /// What libssl has to say of the last failure: ": wrong version number", or nothing.
    private static func reason() -> String {
        let code = ERR_peek_last_error()
        guard code != 0, let text = unsafe ERR_reason_error_string(code) else { return "" }
        return unsafe ": \(String(cString: text))"
    }

    /// Whether a host is an address, for which there is no SNI.
    static func isAddress(_ host: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return unsafe inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
    }
}
