package import Formats
package import Manifests
package import Storage

/// A signature in a file, held against the key that it should be of.
package struct ModelSignature: Sendable {
    /// The name of a signature inside of what it signs, and the default of the model_signing command.
    package static let name: RelativePath = "model.sig"
    /// The most bytes that are read of a signature.
    package static let sizeLimit = SignatureFile.sizeLimit

    /// What the key signed; `nil` where nothing is known to be signed by it.
    let statement: ModelStatement?
    /// What does not hold, wherever the model is stored.
    package let findings: [Diagnostic]

    /// Checks the signature, and reads what it states only when it is the key's.
    ///
    /// - Parameters:
    ///   - bytes: the content of the file.
    ///   - path: what the file is called in findings.
    ///   - key: whose signature it has to be.
    package init(_ bytes: [UInt8], path: String, key: PublicKey) {
        var findings: [Diagnostic] = []
        var statement: ModelStatement?
        do throws(SignatureProblem) {
            let file = try SignatureFile(bytes)
            findings += try ModelSignature.keyFindings(file, path, key)
            if file.hasWitnesses {
                findings.append(
                    Diagnostic(
                        code: .signatureLog,
                        "\(path) comes with entries of a log or timestamps, which are not checked"))
            }
            let read = try ModelStatement(payload: file.payload)
            statement = read
            if !read.isInOrder {
                findings.append(
                    Diagnostic(
                        code: .signatureOrder,
                        "\(path) lists its files in another order than the format demands",
                        fix: "report it to whoever wrote it; what it states about each file is still checked")
                )
            }
        } catch {
            findings.append(
                Diagnostic(
                    code: error.verdict == .undecided ? .signatureUnsupported : .signatureInvalid,
                    "\(path) \(error.reason)", fix: "ask whoever signed for a new one", verdict: error.verdict
                ))
        }
        self.findings = findings
        self.statement = statement
    }

    /// Whether bytes have the form of a signature, of whatever key: what may be written over.
    package static func isSignature(_ bytes: [UInt8]) -> Bool { (try? SignatureFile(bytes)) != nil }

    /// Who states to have signed, in words; nothing was verified. `nil` for what is no signature.
    package static func unverifiedSigner(_ bytes: [UInt8]) -> String? {
        guard let file = try? SignatureFile(bytes) else { return nil }
        return switch file.material {
        case .key(let hint?, _, _): "a key that it calls \(hint)"
        case .key: "a key"
        case .certificates: "a chain of certificates"
        case .sigstore: "a certificate of Sigstore"
        }
    }

    /// Whether it is of one file of this name, and of no directory.
    package func isOfFile(named name: String) -> Bool {
        guard let statement, statement.files.count == 1, let file = statement.files.first else {
            return false
        }
        return file.path.map { $0.text.hasSameBytes(as: name) } ?? true
    }

    private static func keyFindings(
        _ file: SignatureFile, _ path: String, _ key: PublicKey
    ) throws(SignatureProblem) -> [Diagnostic] {
        guard case .key(let hint, let text, let details) = file.material else {
            let how = file.material == .certificates ? "a certificate" : "Sigstore without a key"
            throw SignatureProblem(
                "was signed by \(how), and Knapsack checks only signatures by keys; model_signing checks this one",
                verdict: .undecided)
        }
        let names = try KeyNames(key)
        let signed = file.signedBytes
        var valid: SignatureFile.Signature?
        do throws(KeyProblem) {
            for signature in file.signatures where valid == nil {
                if try key.isSignature(signature.bytes, of: signed) { valid = signature }
            }
        } catch {
            throw SignatureProblem("could not be checked: libcrypto refused", verdict: .undecided)
        }
        guard let valid else {
            throw SignatureProblem(
                hint == nil || hint == names.fingerprint
                    ? "has no valid signature: it was changed after it was signed"
                    : "has no valid signature by this key: it names another one, \(hint ?? "")")
        }
        var wrong: [String] = []
        if let hint, hint != names.fingerprint { wrong.append("hint \(hint)") }
        if let text, !names.texts.contains(text) { wrong.append("rawBytes of another key") }
        if let details, details != key.curve.sigstoreName { wrong.append("keyDetails \(details)") }
        if let id = valid.keyID, !id.isEmpty, !names.fingerprints.contains(id) { wrong.append("keyid \(id)") }
        if wrong.isEmpty { return [] }
        return [
            Diagnostic(
                code: .signatureKey, "\(path) names a key other than the one that signed it",
                notes: wrong + ["the key is \(names.fingerprint)"], fix: "ask whoever signed for a new one")
        ]
    }
}

/// What signatures call a key.
private struct KeyNames {
    /// The digest of the PEM text.
    let fingerprint: String
    /// The digests of the PEM text and of the DER inside.
    let fingerprints: [String]
    /// The PEM text and the DER inside.
    let texts: [[UInt8]]

    init(_ key: PublicKey) throws(SignatureProblem) {
        let lines = String(decoding: key.pem, as: UTF8.self).split(separator: "\n").dropFirst().dropLast()
        let der = Base64.bytes(lines.joined()) ?? []
        do throws(HashingFailure) {
            fingerprint = try key.fingerprint()
            fingerprints = [fingerprint, try ContentHasher.sha256(der.span).hex]
        } catch {
            throw SignatureProblem("could not be checked: \(error)", verdict: .undecided)
        }
        texts = [key.pem, der]
    }
}
