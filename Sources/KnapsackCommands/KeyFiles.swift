import Formats
import Manifests
import Storage

/// Keys in files, with an error for every way in which a file is none.
enum KeyFiles {
    /// The variable whose value an encrypted private key opens with.
    static let passwordVariable = "KNAPSACK_KEY_PASSWORD"

    /// A private key in PEM, opened with the password of the environment if it is encrypted.
    /// - Throws: ``Diagnostics`` with `key-unreadable` or `key-unusable`, which never quote key or password.
    static func privateKey(_ path: String, _ environment: [String: String]) throws -> PrivateKey {
        let bytes = try contents(path)
        do throws(KeyProblem) {
            return try PrivateKey(pem: bytes, password: environment[passwordVariable].map { Array($0.utf8) })
        } catch {
            throw Diagnostics(diagnostic(error, path, isPrivate: true))
        }
    }

    /// A public key in PEM.
    /// - Throws: ``Diagnostics`` with `key-unreadable` or `key-unusable`.
    static func publicKey(_ path: String) throws -> PublicKey {
        let bytes = try contents(path)
        do throws(KeyProblem) {
            return try PublicKey(pem: bytes)
        } catch {
            throw Diagnostics(diagnostic(error, path, isPrivate: false))
        }
    }

    private static func contents(_ path: String) throws(Diagnostics) -> [UInt8] {
        do throws(FileError) {
            return try FileReader.contents(named: path, limit: 1 << 20)
        } catch {
            throw Diagnostics(
                Diagnostic(code: .keyUnreadable, "\(error)", fix: error.remedy(), verdict: .undecided))
        }
    }

    private static func diagnostic(_ problem: KeyProblem, _ path: String, isPrivate: Bool) -> Diagnostic {
        let make = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem"
        let extract = "openssl pkey -in key.pem -pubout -out pub.pem"
        let wanted = isPrivate ? "a private key in PEM" : "a public key in PEM"
        func unusable(_ message: String, _ fix: String? = nil) -> Diagnostic {
            Diagnostic(code: .keyUnusable, message, fix: fix, verdict: .undecided)
        }
        switch problem {
        case .noKey: return unusable("\(path) has no key; \(wanted) is needed", isPrivate ? make : extract)
        case .other("CERTIFICATE"):
            return unusable(
                "\(path) is a certificate; \(wanted) is needed",
                "extract its key, once you trust it: openssl x509 -in \(ShellWord.quoted(path)) -pubkey -noout"
            )
        case .other(let label):
            return unusable(
                "\(path) holds a \(label); \(wanted) is needed",
                isPrivate ? "name the key that the public one was taken from" : extract)
        case .needsPassword:
            return unusable("\(path) is encrypted", "put its password into the variable \(passwordVariable)")
        case .wrongPassword:
            return unusable("\(path) does not open with the password in \(passwordVariable)")
        case .damaged: return unusable("\(path) is damaged: its PEM block holds no key")
        case .unsupported(let kind):
            return unusable(
                "\(path) is a key of another kind, \(kind); models are signed with P-256, P-384 and P-521",
                isPrivate ? make : nil)
        case .refused: return unusable("libcrypto refuses the key of \(path)")
        }
    }
}
