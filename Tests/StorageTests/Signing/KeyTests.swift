import TestSupport
import Testing

@testable import Formats
@testable import Storage

@Suite struct KeyTests {
    private static let root = Path.parent(Path.parent(Path.parent(Path.parent(#filePath))))

    private func key(_ name: String) throws -> [UInt8] {
        try contents("\(KeyTests.root)/fixtures/signing/keys/\(name).pem")
    }

    private func problem(_ name: String, isPrivate: Bool = true, password: String? = nil) throws
        -> KeyProblem?
    {
        let pem = try key(name)
        do throws(KeyProblem) {
            if isPrivate {
                _ = try PrivateKey(pem: pem, password: password.map { Array($0.utf8) })
            } else {
                _ = try PublicKey(pem: pem)
            }
        } catch {
            return error
        }
        return nil
    }

    @Test(arguments: [("p256", Curve.p256), ("p384", .p384), ("p521", .p521)])
    func signsWithEveryCurve(_ name: String, _ curve: Curve) throws {
        let pair = try PrivateKey(pem: key(name))
        let other = try PublicKey(pem: key("\(name).pub"))
        #expect(pair.curve == curve)
        #expect(try pair.publicKey().pem == key("\(name).pub"))
        let message = Array("a message".utf8)
        let signature = try pair.sign(message)
        #expect(try other.isSignature(signature, of: message))
        #expect(try !other.isSignature(signature, of: Array("another message".utf8)))
        #expect(try !other.isSignature([], of: message))
        #expect(try other.isSignature(pair.sign([]), of: []))
    }

    @Test(arguments: ["p384-traditional", "p384-parameters"])
    func readsOlderFormsOfPrivateKeys(_ name: String) throws {
        #expect(try PrivateKey(pem: key(name)).publicKey().pem == key("p384.pub"))
    }

    @Test(arguments: ["p256-encrypted", "p256-encrypted-traditional"])
    func opensEncryptedKeysWithTheirPassword(_ name: String) throws {
        let opened = try PrivateKey(pem: key(name), password: Array("sesame".utf8))
        #expect(try opened.publicKey().pem == key("p256.pub"))
        #expect(try problem(name) == .needsPassword)
        #expect(try problem(name, password: "wrong") == .wrongPassword)
        #expect(try problem(name, password: "") == .wrongPassword)
    }

    @Test func passwordOfAnOpenKeyIsIgnored() throws {
        #expect(try problem("p256", password: "sesame") == nil)
    }

    @Test func fingerprintIsOfTheTextThatOpenSSLWrites() throws {
        let compressed = try PublicKey(pem: key("p256-compressed.pub"))
        let plain = try PublicKey(pem: key("p256.pub"))
        #expect(plain.pem == (try key("p256.pub")))
        let text = try key("p256.pub")
        let digest = try ContentHasher.sha256(text.span)
        #expect(try plain.fingerprint() == digest.hex)
        // The same key, however its point was written.
        #expect(compressed.pem == plain.pem)
    }

    @Test func readsKeysWithTextAroundThem() throws {
        let pem =
            Array("Key:\r\n  bytes\r\n".utf8) + (try key("p256.pub").flatMap { $0 == 10 ? [13, 10] : [$0] })
        #expect(try PublicKey(pem: pem).pem == key("p256.pub"))
    }

    @Test(arguments: [
        ("rsa", KeyProblem.unsupported("RSA")), ("ed25519", .unsupported("Ed25519")),
        ("secp256k1", .unsupported("a curve named secp256k1")),
        ("explicit", .unsupported("a curve with parameters of its own")),
        ("certificate", .other("CERTIFICATE")), ("p256.pub", .other("PUBLIC KEY")),
    ])
    func refusesOtherKeys(_ name: String, _ expected: KeyProblem) throws {
        #expect(try problem(name) == expected)
    }

    @Test func publicKeyIsNotTakenFromAPrivateOneOrACertificate() throws {
        #expect(try problem("p256", isPrivate: false) == .other("PRIVATE KEY"))
        #expect(try problem("certificate", isPrivate: false) == .other("CERTIFICATE"))
        #expect(throws: KeyProblem.noKey) { try PublicKey(pem: []) }
        #expect(throws: KeyProblem.noKey) { try PublicKey(pem: Array("-----BEGIN PUBLIC KEY-----\n".utf8)) }
        let empty = Array("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".utf8)
        #expect(throws: KeyProblem.damaged) { try PublicKey(pem: empty) }
    }

    /// DER has one right form of a signature: two positive integers without a byte too many.
    @Test func refusesOtherFormsOfASignature() throws {
        let pair = try PrivateKey(pem: key("p256"))
        let other = try pair.publicKey()
        let message = Array("a message".utf8)
        let right = try pair.sign(message)
        try #require(right.count < 128 && right[0] == 0x30 && right[2] == 0x02)
        var trailing = right + [0]
        #expect(try !other.isSignature(trailing, of: message))
        trailing[1] += 1
        #expect(try !other.isSignature(trailing, of: message))
        let long = [0x30, 0x81, right[1]] + right[2...]
        #expect(try !other.isSignature(long, of: message))
        var padded = right
        padded[1] += 1
        padded[3] += 1
        padded.insert(0, at: 4)
        #expect(try !other.isSignature(padded, of: message))
        let indefinite = [0x30, 0x80] + right[2...] + [0, 0]
        #expect(try !other.isSignature(indefinite, of: message))
        #expect(try other.isSignature(right, of: message))
    }

    @Test func everyFlippedBitOfASignatureIsFound() throws {
        let pair = try PrivateKey(pem: key("p256"))
        let other = try pair.publicKey()
        let message = Array("a message".utf8)
        let right = try pair.sign(message)
        for position in 0..<right.count * 8 {
            var wrong = right
            wrong[position / 8] ^= 1 << (position % 8)
            let isRight = try other.isSignature(wrong, of: message)
            #expect(!isRight, "bit \(position)")
        }
    }

    /// Of RFC 7693, appendix A.
    @Test func blake2bOfABC() throws {
        var hasher = try ModelHasher(.blake2b)
        let text = Array("abc".utf8)
        try hasher.update(text.span)
        let digest = try hasher.finish()
        #expect(digest.prefix(8) == [0xBA, 0x80, 0xA5, 0x3F, 0x98, 0x1C, 0x4D, 0x0D])
        #expect(digest.count == ModelHash.blake2b.size)
    }
}
