import CCrypto

/// The elliptic curves whose keys sign models, each with the digest that is signed (OpenSSF Model Signing 1.0,
/// algorithm registry; the pairs are those of Sigstore's `PublicKeyDetails`).
package enum Curve: String, Sendable, CaseIterable {
    /// secp256r1 with SHA-256.
    case p256 = "P-256"
    /// secp384r1 with SHA-384.
    case p384 = "P-384"
    /// secp521r1 with SHA-512.
    case p521 = "P-521"

    /// The curve that libcrypto calls by this name; `nil` for every other curve.
    init?(groupName: String) {
        switch groupName {
        case "prime256v1", "P-256", "secp256r1": self = .p256
        case "secp384r1", "P-384": self = .p384
        case "secp521r1", "P-521": self = .p521
        default: return nil
        }
    }

    /// The name that Sigstore's `PublicKeyDetails` has for keys of the curve.
    package var sigstoreName: String {
        switch self {
        case .p256: "PKIX_ECDSA_P256_SHA_256"
        case .p384: "PKIX_ECDSA_P384_SHA_384"
        case .p521: "PKIX_ECDSA_P521_SHA_512"
        }
    }

    /// The digest's name in libcrypto.
    var digestName: String {
        switch self {
        case .p256: "SHA256"
        case .p384: "SHA384"
        case .p521: "SHA512"
        }
    }
}
