import Formats

/// Where this machine keeps the certificates of the authorities that a TLS connection trusts.
///
/// A program that has its TLS library in it cannot ask that library: it looks where the library's own distribution
/// would keep them.
package struct TrustedCertificates: Equatable, Sendable {
    /// A file of certificates in PEM, or directories in which each has a name that is made from its hash.
    package enum Place: Equatable, Sendable {
        /// The path of one file.
        case file(String)
        /// Directories as `openssl rehash` makes them, searched in this order.
        case directories([String])
    }

    /// Why there are none.
    package enum Problem: Error, Equatable, Sendable {
        /// What a variable names is not there or cannot be read.
        case unreadable(variable: String, FileError)
        /// What a variable names has no certificate in it.
        case empty(variable: String, path: String)
        /// No variable names a place, and nothing is where distributions keep them.
        case nowhere
    }

    /// Where they are.
    package let place: Place
    /// How many there are; links to the same certificate count each.
    package let count: Int
    /// The variable that names the place; `nil` if the distribution keeps them there.
    package let variable: String?

    /// Finds them: what a variable names comes before the places of the distributions, and is all that is trusted then.
    ///
    /// The variables are those of OpenSSL 3 (openssl-env(7)), which httpx 0.28 obeys too, and that of requests 2.
    /// - Parameter root: what stands before the places of the distributions; empty but for tests.
    package static func find(
        environment: [String: String], root: String = ""
    ) throws(Problem) -> TrustedCertificates {
        func named(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }
        if let path = named("SSL_CERT_FILE") { return try file(path, of: "SSL_CERT_FILE") }
        if let paths = named("SSL_CERT_DIR") {
            return try directories(paths.split(separator: ":").map { String($0) }, of: "SSL_CERT_DIR")
        }
        if let path = named("REQUESTS_CA_BUNDLE") {
            return isDirectory(path)
                ? try directories([path], of: "REQUESTS_CA_BUNDLE")
                : try file(path, of: "REQUESTS_CA_BUNDLE")
        }
        for path in files.map({ root + $0 }) {
            if let count = try? certificates(inFile: path), count > 0 {
                return TrustedCertificates(place: .file(path), count: count, variable: nil)
            }
        }
        for path in directories.map({ root + $0 }) {
            if let count = try? certificates(inDirectory: path), count > 0 {
                return TrustedCertificates(place: .directories([path]), count: count, variable: nil)
            }
        }
        throw .nowhere
    }

    /// The files of the distributions, most common first.
    private static let files = [
        "/etc/ssl/certs/ca-certificates.crt",  // Debian, Ubuntu, Arch, Gentoo
        "/etc/pki/tls/certs/ca-bundle.crt",  // Fedora, RHEL
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL: where the one above leads
        "/etc/ssl/ca-bundle.pem",  // SUSE
        "/var/lib/ca-certificates/ca-bundle.pem",  // SUSE: where the one above leads
        "/etc/ssl/cert.pem",  // Alpine
        "/etc/ssl/certs/ca-bundle.crt",  // NixOS
    ]
    private static let directories = ["/etc/ssl/certs", "/etc/pki/tls/certs"]

    /// The most bytes of a file of certificates: those of a distribution have about 250 kB.
    private static let limit = 1 << 24

    private static func file(
        _ path: String, of variable: String
    ) throws(Problem) -> TrustedCertificates {
        let count: Int
        do { count = try certificates(inFile: path) } catch { throw .unreadable(variable: variable, error) }
        guard count > 0 else { throw .empty(variable: variable, path: path) }
        return TrustedCertificates(place: .file(path), count: count, variable: variable)
    }

    private static func directories(
        _ paths: [String], of variable: String
    ) throws(Problem) -> TrustedCertificates {
        var count = 0
        for path in paths {
            do {
                count += try certificates(inDirectory: path)
            } catch {
                throw .unreadable(variable: variable, error)
            }
        }
        guard count > 0 else { throw .empty(variable: variable, path: paths.joined(separator: ":")) }
        return TrustedCertificates(place: .directories(paths), count: count, variable: variable)
    }

    private static func isDirectory(_ path: String) -> Bool {
        guard let real = try? Directory.realPath(path) else { return false }
        return (try? FileStatus.status(of: real))?.kind == .directory
    }

    /// The whole blocks of PEM that OpenSSL reads as certificates (`PEM_STRING_X509` and its older names in pem.h).
    private static func certificates(inFile path: String) throws(FileError) -> Int {
        let bytes = try FileReader.contents(of: try Directory.realPath(path), limit: limit)
        var count = 0
        var label: [UInt8]?
        for line in bytes.split(separator: 0x0A) {
            if let open = label, line.starts(with: "-----END ".utf8), line.dropFirst(9).starts(with: open) {
                count += 1
                label = nil
            } else if line.starts(with: "-----BEGIN ".utf8) {
                label = labels.first { line.dropFirst(11).starts(with: $0) }
            }
        }
        return count
    }

    private static let labels = ["CERTIFICATE-----", "TRUSTED CERTIFICATE-----", "X509 CERTIFICATE-----"]
        .map { Array($0.utf8) }

    /// The names that OpenSSL looks for (X509_LOOKUP_hash_dir(3)): eight hexadecimal digits, a point, a number.
    private static func certificates(inDirectory path: String) throws(FileError) -> Int {
        try Directory.names(in: path).count { name in
            let bytes = Array(name.utf8)
            return bytes.count > 9 && bytes[8] == 0x2E
                && bytes.prefix(8).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
                && bytes.dropFirst(9).allSatisfy { (0x30...0x39).contains($0) }
        }
    }
}
