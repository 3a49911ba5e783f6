import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// The form of a signature, whose it is, and that nothing in it can be changed.
@Suite struct ModelSignatureTests {
    private func codes(_ bytes: [UInt8], _ key: PublicKey) -> [String] {
        ModelSignature(bytes, path: "model.sig", key: key).findings.map(\.code.rawValue)
    }

    private func codes(vector name: String) throws -> [String] {
        try codes(SignSample.vector(name), SignSample.vectorKey())
    }

    @Test func publishedSignatureOfAKeyHolds() throws {
        let signature = try ModelSignature(
            SignSample.vector("key"), path: "model.sig", key: SignSample.vectorKey())
        #expect(signature.findings.isEmpty)
        #expect(signature.statement?.files.map(\.path) == ["signme-1", "signme-2"])
        #expect(signature.statement?.ignores("ignore-me") == true)
    }

    @Test func publishedSignaturesByCertificatesAreLeftUndecided() throws {
        for name in ["certificate", "sigstore", "missing-tlog-entries"] {
            let signature = try ModelSignature(
                SignSample.vector(name), path: "model.sig", key: SignSample.vectorKey())
            #expect(signature.findings.map(\.code.rawValue) == ["signature-unsupported"], "\(name)")
            #expect(signature.findings.first?.verdict == .undecided)
            #expect(signature.statement == nil)
        }
    }

    @Test func publishedInvalidSignaturesAreFound() throws {
        for name in ["missing-envelope", "missing-verification-material", "wrong-predicate"] {
            #expect(try codes(vector: name) == ["signature-invalid"], "\(name)")
        }
        #expect(try codes([], SignSample.vectorKey()) == ["signature-invalid"])
    }

    @Test func everyChangedValueIsFound() throws {
        let document = try JSON.parse(SignSample.vector("key"))
        let changed = document.changingEachLeaf { .string(($0.string ?? "") + "x") }
        #expect(changed.count == 6)
        for (path, document) in changed {
            let codes = try codes(Array(document.compactText.utf8), SignSample.vectorKey())
            #expect(!codes.isEmpty, "\(path)")
        }
    }

    @Test func everyChangedValueOfTheStatementIsFound() throws {
        let document = try JSON.parse(SignSample.vector("key"))
        let envelope = try #require(document["dsseEnvelope"])
        let payload = try #require(envelope["payload"]?.string.flatMap { Base64.bytes($0) })
        let changed = try JSON.parse(payload).changingEachLeaf { value in
            switch value {
            case .bool(let truth): .bool(!truth)
            default: .string((value.string ?? "") + "x")
            }
        }
        #expect(changed.count == 18)
        for (path, statement) in changed {
            let text = Base64.text(Array(statement.compactText.utf8))
            let tampered = try replacing("payload", .string(text), in: document)
            #expect(try codes(tampered, SignSample.vectorKey()) == ["signature-invalid"], "\(path)")
        }
    }

    /// The document with another member of its envelope.
    private func replacing(_ key: String, _ value: JSON, in document: JSON) throws -> [UInt8] {
        let envelope = try #require(document["dsseEnvelope"]?.members)
        let members = try #require(document.members)
        let inner = envelope.map { $0.key == key ? JSON.Member(key, value) : $0 }
        let outer = members.map { $0.key == "dsseEnvelope" ? JSON.Member($0.key, .object(inner)) : $0 }
        return Array(JSON.object(outer).compactText.utf8)
    }

    @Test func everyFlippedBitIsFoundOrMeansTheSame() throws {
        let bytes = try SignSample.vector("key")
        let key = try SignSample.vectorKey()
        let right = try SignatureFile(bytes)
        for position in stride(from: 0, to: bytes.count * 8, by: 5) {
            var wrong = bytes
            wrong[position / 8] ^= 1 << (position % 8)
            let isFound = !codes(wrong, key).isEmpty
            // "+" and "-" are the same digit of base64, and white space is none of anything.
            #expect(isFound || (try? SignatureFile(wrong)) == right, "bit \(position)")
        }
    }

    @Test func signatureOfAnotherKeyIsFound() throws {
        let bytes = try SignSample.signature(
            of: SignSample.statement(["a": "b"]).text(), SignSample.privateKey())
        #expect(try codes(bytes, SignSample.publicKey()) == [])
        for name in ["p384", "p521"] {
            let signature = try ModelSignature(bytes, path: "model.sig", key: SignSample.publicKey(name))
            #expect(signature.findings.map(\.code.rawValue) == ["signature-invalid"])
            #expect(signature.findings.first?.message.contains("names another one") == true)
        }
    }

    private func edited(_ old: String, _ new: String) throws -> [UInt8] {
        let text = String(decoding: try SignSample.vector("key"), as: UTF8.self)
        try #require(text.contains(old))
        return Array(text.replacing(old, with: new).utf8)
    }

    @Test func wrongNameOfTheKeyIsFoundThoughItSigned() throws {
        let hint = "e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e"
        let key = try SignSample.vectorKey()
        #expect(try codes(edited(hint, String(repeating: "0", count: 64)), key) == ["signature-key"])
        #expect(try codes(edited("\"keyid\": \"\"", "\"keyid\": \"someone\""), key) == ["signature-key"])
        for id in ["null", "\"\(hint)\""] {
            #expect(try codes(edited("\"keyid\": \"\"", "\"keyid\": \(id)"), key) == [])
        }
        #expect(try codes(edited(",\n                \"keyid\": \"\"", ""), key) == [])
    }

    /// As model_signing wrote it up to version 1.0.1.
    @Test func keyMayStandInTheSignature() throws {
        let key = try SignSample.vectorKey()
        let hint = "\"hint\": \"e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e\""
        func old(_ key: [UInt8], _ details: String) throws -> [UInt8] {
            try edited(hint, "\"rawBytes\": \"\(Base64.text(key))\", \"keyDetails\": \"\(details)\"")
        }
        #expect(try codes(old(key.pem, "PKIX_ECDSA_P384_SHA_384"), key) == [])
        #expect(try codes(old(key.pem, "PKIX_ECDSA_P256_SHA_256"), key) == ["signature-key"])
        let other = try SignSample.publicKey("p384").pem
        #expect(try codes(old(other, "PKIX_ECDSA_P384_SHA_384"), key) == ["signature-key"])
    }

    @Test func oneOfSeveralSignaturesIsEnough() throws {
        let signature = "\"signatures\": ["
        let other = "\"signatures\": [{\"sig\": \"MAYCAQECAQE=\", \"keyid\": \"other\"},"
        #expect(try codes(edited(signature, other), SignSample.vectorKey()) == [])
    }

    @Test func entriesOfALogAreSaidToBeUnchecked() throws {
        let bytes = try edited("\"tlogEntries\": []", "\"tlogEntries\": [{\"logIndex\": \"1\"}]")
        let findings = try ModelSignature(bytes, path: "model.sig", key: SignSample.vectorKey()).findings
        #expect(findings.map(\.code.rawValue) == ["signature-log"])
        #expect(findings.first?.severity == .warning)
    }

    @Test(arguments: [
        ("\"mediaType\"", "\"mediaType\": \"x\", \"mediaType\""),
        ("\"payloadType\"", "\"extra\": 1, \"payloadType\""),
        ("\"keyid\": \"\"", "\"keyid\": \"\", \"cert\": \"\""),
        ("bundle.v0.3+json", "bundle.v0.2+json"),
        ("\"publicKey\"", "\"certificate\": {\"rawBytes\": \"AA==\"}, \"publicKey\""),
        ("\"signatures\": [", "\"signatures\": [], \"more\": ["),
        ("\"sig\": \"M", "\"sig\": \"!M"),
    ])
    func refusesOtherForms(_ old: String, _ new: String) throws {
        #expect(try codes(edited(old, new), SignSample.vectorKey()) == ["signature-invalid"])
    }

    @Test func signsWithEveryCurveAndReadsItBack() throws {
        let text = try SignSample.statement(["a": "b", "c/d": ""]).text()
        for name in ["p256", "p384", "p521"] {
            let pair = try SignSample.privateKey(name)
            let bytes = try SignSample.signature(of: text, pair)
            let signature = try ModelSignature(bytes, path: "model.sig", key: SignSample.publicKey(name))
            #expect(signature.findings.isEmpty)
            #expect(try signature.statement?.text() == text)
            #expect(ModelSignature.isSignature(bytes))
        }
        #expect(!ModelSignature.isSignature(Array(text.utf8)))
    }

    @Test func base64IsStrict() {
        for text in ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy", "+/+/"] {
            #expect(Base64.bytes(text).map(Base64.text) == text)
        }
        #expect(Base64.bytes("-_-_") == Base64.bytes("+/+/"))
        #expect(Base64.bytes("Zg") == [0x66])
        for text in ["Z", "Zh==", "Zm9", "Zm9v\n", "Zg=", "Z===", "Zg==Zg==", " Zg==", "Zg=a"] {
            #expect(Base64.bytes(text) == nil, "\(text)")
        }
    }
}
