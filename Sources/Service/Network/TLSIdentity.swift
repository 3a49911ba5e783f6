import CTLS
import Formats
import Glibc
import Storage

/// Who a server is in TLS: its certificate and its key, ready for connections. What is unsafe about it is here.
@safe package final class TLSIdentity: Sendable {
    /// Why there is none, as a sentence without its end.
    package struct Unusable: Error, Sendable, CustomStringConvertible {
        /// What is wrong with which file.
        package let description: String
        /// What mends it, where that is known.
        package let remedy: String?

        /// States why.
        init(_ description: String, remedy: String? = nil) {
            self.description = description
            self.remedy = remedy
        }
    }

    // SAFETY: made in init, freed in deinit, and never changed in between: libssl allows a context in several threads.
    /// What sessions are made from.
    nonisolated(unsafe) let context: OpaquePointer

    /// Reads a certificate and its key.
    /// - Parameters:
    ///   - certificate: a PEM file with the certificate, and behind it those of the authorities between it and the root.
    ///   - key: a PEM file with the key, without a pass phrase, which nobody but its owner and his group may read.
    package init(certificate: String, key: String) throws(Unusable) {
        for path in [certificate, key] where path.utf8.contains(0) {
            throw Unusable("the name \(path.withVisibleScalars) has a NUL in it")
        }
        for path in [certificate, key] where unsafe access(path, R_OK) != 0 {
            let reason = unsafe String(cString: strerror(errno))
            throw Unusable("could not read \(path.withVisibleScalars): \(reason)")
        }
        guard !FileStatus.isReadableByOthers(key) else {
            throw Unusable(
                "everybody on this machine may read the key \(key.withVisibleScalars)",
                remedy: "take that right away: chmod o-rwx \(key.withVisibleScalars)")
        }
        guard let made = unsafe SSL_CTX_new(TLS_server_method()) else {
            throw Unusable("OpenSSL's libssl could not be set up")
        }
        unsafe context = made
        ERR_clear_error()
        guard unsafe knapsack_tls_serve(context) == 1 else {
            throw Unusable("OpenSSL's libssl knows no TLS 1.2\(TLSServerSession.reason())")
        }
        guard unsafe SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
            throw Unusable(
                "\(certificate.withVisibleScalars) is no certificate in PEM that can be used\(TLSServerSession.reason())"
            )
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else {
            let reason = TLSServerSession.reason()
            throw Unusable(
                "\(key.withVisibleScalars) is no key of that certificate in PEM without a pass phrase\(reason)"
            )
        }
        guard unsafe SSL_CTX_check_private_key(context) == 1 else {
            throw Unusable(
                "the key \(key.withVisibleScalars) is not that of \(certificate.withVisibleScalars)")
        }
    }

    deinit { unsafe SSL_CTX_free(context) }
}
