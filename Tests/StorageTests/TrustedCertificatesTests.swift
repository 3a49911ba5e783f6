import TestSupport
import Testing

@testable import Storage

@Suite struct TrustedCertificatesTests {
    private static let one = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

    private func find(
        _ environment: [String: String] = [:], root: String = "/nonexistent"
    ) -> Result<TrustedCertificates, TrustedCertificates.Problem> {
        do throws(TrustedCertificates.Problem) {
            return .success(try TrustedCertificates.find(environment: environment, root: root))
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/certs/ca-bundle.crt",
    ])
    func findsTheFileOfEachDistribution(_ path: String) async throws {
        try await withTemporaryDirectory { root in
            try writeFile(root + path, "# a comment\n" + Self.one + "\n" + Self.one)
            let found = TrustedCertificates(place: .file(root + path), count: 2, variable: nil)
            #expect(find(root: root) == .success(found))
            // Distributions link from one place to another.
            try makeLink(root + "/elsewhere" + path, to: root + path)
            #expect(try find(root: root + "/elsewhere").get().count == 2)
        }
    }

    @Test func takesADirectoryWhereThereIsNoFile() async throws {
        try await withTemporaryDirectory { root in
            let directory = root + "/etc/ssl/certs"
            for name in ["5ed36f99.0", "5ed36f99.1", "ca.pem", "5ED36F99.2", "5ed36f99.", "5ed36f9.0"] {
                try writeFile("\(directory)/\(name)", Self.one)
            }
            // A file without a certificate is none: a package that is installed halfway leaves one.
            try writeFile(directory + "/ca-certificates.crt", "")
            let found = TrustedCertificates(place: .directories([directory]), count: 2, variable: nil)
            #expect(find(root: root) == .success(found))
        }
    }

    @Test func aVariableComesBeforeTheDistribution() async throws {
        try await withTemporaryDirectory { root in
            try writeFile(root + "/etc/ssl/cert.pem", Self.one)
            try writeFile(root + "/own.pem", Self.one + Self.one)
            try writeFile(root + "/a/00000000.0", Self.one)
            try writeFile(root + "/b/00000001.0", Self.one)
            let file = try find(["SSL_CERT_FILE": root + "/own.pem"], root: root).get()
            #expect(file.place == .file(root + "/own.pem"))
            #expect(file.variable == "SSL_CERT_FILE")
            let directories = try find(["SSL_CERT_DIR": "\(root)/a:\(root)/b"], root: root).get()
            #expect(directories.place == .directories([root + "/a", root + "/b"]))
            #expect(directories.count == 2)
            for path in ["/own.pem", "/a"] {
                let found = try find(["REQUESTS_CA_BUNDLE": root + path], root: root).get()
                #expect(found.variable == "REQUESTS_CA_BUNDLE")
            }
            #expect(try find(["SSL_CERT_FILE": ""], root: root).get().variable == nil)
        }
    }

    @Test func whatAVariableNamesIsNeverPassedOver() async throws {
        try await withTemporaryDirectory { root in
            try writeFile(root + "/etc/ssl/cert.pem", Self.one)
            try writeFile(root + "/key.pem", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n")
            try writeFile(root + "/cut.pem", String(Self.one.dropLast(20)))
            for name in ["key.pem", "cut.pem"] {
                let path = "\(root)/\(name)"
                let problem = TrustedCertificates.Problem.empty(variable: "SSL_CERT_FILE", path: path)
                #expect(find(["SSL_CERT_FILE": path], root: root) == .failure(problem))
            }
            let directory = TrustedCertificates.Problem.empty(variable: "SSL_CERT_DIR", path: root)
            #expect(find(["SSL_CERT_DIR": root], root: root) == .failure(directory))
            for path in [root, root + "/missing", "/dev/null"] {
                guard
                    case .failure(.unreadable("SSL_CERT_FILE", _)) = find(["SSL_CERT_FILE": path], root: root)
                else {
                    Issue.record("\(path) is no file of certificates")
                    continue
                }
            }
        }
    }

    @Test func aMachineWithoutCertificatesHasNone() {
        #expect(find() == .failure(.nowhere))
    }
}
