/// A private elliptic curve key that signs.
package struct PrivateKey: Sendable {
    private let handle: KeyHandle

    /// Reads PEM text: PKCS #8, encrypted or not, or the older "EC PRIVATE KEY".
    /// - Parameter password: what an encrypted key opens with.
    package init(pem: [UInt8], password: [UInt8]? = nil) throws(KeyProblem) {
        handle = try KeyHandle(pem: pem, isPrivate: true, password: password)
    }

    /// Its curve, which decides the digest.
    package var curve: Curve { handle.curve }

    /// The public half.
    package func publicKey() throws(KeyProblem) -> PublicKey { try PublicKey(pem: handle.publicPEM()) }

    /// The ECDSA signature of a message's digest, as DER.
    ///
    /// It is another one every time: libcrypto takes random nonces, and has those that follow from key and
    /// message (RFC 6979) from version 3.2 on only.
    package func sign(_ message: [UInt8]) throws(KeyProblem) -> [UInt8] { try handle.sign(message) }
}

/// A public elliptic curve key that signatures are checked with.
package struct PublicKey: Sendable {
    private let handle: KeyHandle
    /// The key's PEM text as `openssl pkey -pubout` writes it, whatever it was read from.
    package let pem: [UInt8]

    /// Reads PEM text: SubjectPublicKeyInfo, which begins with "BEGIN PUBLIC KEY".
    package init(pem: [UInt8]) throws(KeyProblem) {
        handle = try KeyHandle(pem: pem, isPrivate: false, password: nil)
        self.pem = try handle.publicPEM()
    }

    /// Its curve, which decides the digest.
    package var curve: Curve { handle.curve }

    /// The SHA-256 of ``pem`` in hexadecimal digits, by which signatures name the key: `sha256sum` of the
    /// file that `openssl pkey -pubout` writes.
    package func fingerprint() throws(HashingFailure) -> String { try ContentHasher.sha256(pem.span).hex }

    /// Whether `signature` is the key's of the message: ECDSA over its digest, in strict DER.
    package func isSignature(_ signature: [UInt8], of message: [UInt8]) throws(KeyProblem) -> Bool {
        try handle.isSignature(signature, of: message)
    }
}
