/// The digests that signatures of models are made over (OpenSSF Model Signing 1.0, algorithm registry).
package enum ModelHash: String, Sendable, CaseIterable {
    /// SHA-256 (FIPS 180-4).
    case sha256
    /// BLAKE2b with 512 bits (RFC 7693).
    case blake2b

    /// The size of a digest in bytes.
    package var size: Int { self == .sha256 ? 32 : 64 }
}

/// A running digest of one of the kinds that signatures of models are made over.
package struct ModelHasher: ~Copyable {
    private var context: DigestContext

    /// Starts on content.
    package init(_ hash: ModelHash) throws(HashingFailure) {
        switch hash {
        case .sha256: context = try .sha256()
        case .blake2b: context = try .blake2b()
        }
    }

    /// Feeds the next bytes.
    package mutating func update(_ bytes: Span<UInt8>) throws(HashingFailure) { try context.update(bytes) }

    /// The digest of all that was fed.
    package consuming func finish() throws(HashingFailure) -> [UInt8] { try context.finish() }
}
