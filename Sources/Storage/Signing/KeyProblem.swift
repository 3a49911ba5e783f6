/// Why a file gives no key to sign or verify with.
package enum KeyProblem: Error, Equatable, Sendable {
    /// There is no PEM block of a key in it.
    case noKey
    /// It has a PEM block of this kind, such as "CERTIFICATE", where a key of the other kind is needed.
    case other(String)
    /// The key is encrypted, and no password was given.
    case needsPassword
    /// The key does not open with the password.
    case wrongPassword
    /// The PEM block does not hold what its label states.
    case damaged
    /// A key of this kind signs no models: "RSA", "Ed25519", "a curve named secp256k1".
    case unsupported(String)
    /// libcrypto refused: memory is used up, or a policy of the machine (FIPS) forbids it.
    case refused
}
