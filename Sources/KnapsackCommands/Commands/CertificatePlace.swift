import Formats
import Manifests
import Storage

/// The certificates by which servers are known, as `doctor` shows them.
struct CertificatePlace {
    /// Where they are, or where a variable states that they are; `nil` if nothing names a place.
    let path: String?
    /// How many there are.
    let count: Int
    /// What is wrong with them.
    let findings: [Diagnostic]

    /// Looks for them.
    init(_ environment: [String: String]) {
        do throws(TrustedCertificates.Problem) {
            let found = try TrustedCertificates.find(environment: environment)
            path =
                switch found.place {
                case .file(let path): path
                case .directories(let paths): paths.joined(separator: ":")
                }
            count = found.count
            findings = []
        } catch {
            count = 0
            switch error {
            case .nowhere:
                path = nil
                findings = [
                    Diagnostic(
                        code: .setup,
                        "this machine has no certificates of authorities, so no server's name can be proved",
                        fix: "install the package ca-certificates, or set SSL_CERT_FILE to a file of them")
                ]
            case .unreadable(let variable, let reason):
                path = environment[variable]
                findings = [
                    Diagnostic(
                        code: .setup, "\(variable): \(reason)",
                        fix: "set \(variable) to where the certificates of authorities are, or unset it")
                ]
            case .empty(let variable, let named):
                path = named
                findings = [
                    Diagnostic(
                        code: .setup, "\(variable) is \(named.quoted), which has no certificate in it",
                        notes: variable == "SSL_CERT_DIR" ? ["names such as 5ed36f99.0 are looked for"] : [],
                        fix: variable == "SSL_CERT_DIR"
                            ? "openssl rehash \(ShellWord.quoted(named))"
                            : "set \(variable) to a file of certificates in PEM, or unset it")
                ]
            }
        }
    }
}
