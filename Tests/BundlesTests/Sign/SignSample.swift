import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// Keys, vectors and hand-made signatures for the tests of signing.
enum SignSample {
    static let root = Path.parent(Path.parent(Path.parent(Path.parent(#filePath)))) + "/fixtures/signing"

    static func privateKey(_ name: String = "p256") throws -> PrivateKey {
        try PrivateKey(pem: contents("\(root)/keys/\(name).pem"))
    }

    static func publicKey(_ name: String = "p256") throws -> PublicKey {
        try PublicKey(pem: contents("\(root)/keys/\(name).pub.pem"))
    }

    static func vector(_ name: String) throws -> [UInt8] {
        try contents("\(root)/vectors/\(name).bundle.json")
    }

    static func vectorKey() throws -> PublicKey {
        try PublicKey(pem: contents("\(root)/vectors/key.pub.pem"))
    }

    /// A signature of any payload.
    static func signature(of payload: String, _ key: PrivateKey) throws -> [UInt8] {
        let payload = Array(payload.utf8)
        let file = try SignatureFile(
            statement: payload, signature: key.sign(SignatureFile.signedBytes(of: payload)),
            fingerprint: key.publicKey().fingerprint())
        return Array(file.text.utf8)
    }

    /// A statement of files by their contents.
    static func statement(_ files: KeyValuePairs<String, String>, ignored: [RelativePath] = []) throws
        -> ModelStatement
    {
        ModelStatement(
            name: "model",
            files: try files.map { path, text in
                let digest = try ContentHasher.sha256(Array(text.utf8).span)
                return ModelStatement.File(path: RelativePath(path), digests: [digest.bytes], size: nil)
            }, ignoredPaths: ignored)
    }

    /// The findings of a model in a directory against a signature with a payload.
    static func findings(_ directory: String, _ payload: String) async throws -> [Diagnostic] {
        let bytes = try signature(of: payload, privateKey())
        return try await findings(directory, bytes, publicKey())
    }

    static func findings(_ directory: String, _ bytes: [UInt8], _ key: PublicKey) async throws -> [Diagnostic]
    {
        let signature = ModelSignature(bytes, path: "model.sig", key: key)
        let report = try await SignedFiles(directory, signature: nil).verify(signature) { _ in }
        return signature.findings + report.findings
    }
}

extension JSON {
    /// Every value that is no object and no list, by its path, with the whole document in which `change` made
    /// another of it.
    func changingEachLeaf(_ change: (JSON) -> JSON) -> [(path: String, document: JSON)] {
        switch self {
        case .object(let members):
            var results: [(path: String, document: JSON)] = []
            for (index, member) in members.enumerated() {
                for (path, value) in member.value.changingEachLeaf(change) {
                    var changed = members
                    changed[index] = Member(member.key, value)
                    results.append(("\(member.key).\(path)", .object(changed)))
                }
            }
            return results
        case .array(let elements):
            var results: [(path: String, document: JSON)] = []
            for (index, element) in elements.enumerated() {
                for (path, value) in element.changingEachLeaf(change) {
                    var changed = elements
                    changed[index] = value
                    results.append(("\(index).\(path)", .array(changed)))
                }
            }
            return results
        default: return [("", change(self))]
        }
    }
}
