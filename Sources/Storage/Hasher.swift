import CCrypto

/// A running message digest, computed by OpenSSL's libcrypto, which uses the processor's SHA
/// instructions if there are any.
@safe struct DigestContext: ~Copyable {
    // SAFETY: made in init, freed in deinit, never shared: this value cannot be copied.
    private let context: OpaquePointer
    private let size: Int

    private init(_ algorithm: OpaquePointer?, size: Int) throws(HashingFailure) {
        guard let made = unsafe EVP_MD_CTX_new() else { throw HashingFailure() }
        guard unsafe EVP_DigestInit_ex(made, algorithm, nil) == 1 else {
            unsafe EVP_MD_CTX_free(made)
            throw HashingFailure()
        }
        unsafe context = made
        self.size = size
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Starts on a SHA-256, 32 bytes long.
    static func sha256() throws(HashingFailure) -> DigestContext {
        try unsafe DigestContext(EVP_sha256(), size: 32)
    }

    /// Starts on a BLAKE2b of 512 bits, 64 bytes long.
    static func blake2b() throws(HashingFailure) -> DigestContext {
        try unsafe DigestContext(EVP_blake2b512(), size: 64)
    }

    /// Starts on a SHA-1, 20 bytes long: for the names of git blobs alone.
    static func sha1() throws(HashingFailure) -> DigestContext {
        try unsafe DigestContext(EVP_sha1(), size: 20)
    }

    /// Feeds the next bytes, which may be none.
    mutating func update(_ bytes: Span<UInt8>) throws(HashingFailure) {
        // SAFETY: libcrypto only reads the `count` bytes that the span lends for the call.
        let status = unsafe bytes.withUnsafeBytes { raw in
            unsafe EVP_DigestUpdate(context, raw.baseAddress, raw.count)
        }
        guard status == 1 else { throw HashingFailure() }
    }

    /// The digest of all that was fed; the context is used up.
    consuming func finish() throws(HashingFailure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        guard unsafe EVP_DigestFinal_ex(context, &bytes, nil) == 1 else { throw HashingFailure() }
        return Array(bytes.prefix(size))
    }
}

/// libcrypto refused to make or run a digest: memory is used up, or a policy of the machine (FIPS) forbids
/// the algorithm.
package struct HashingFailure: Error, Sendable, CustomStringConvertible {
    /// Makes the failure; there is nothing more to know of it.
    package init() {}

    /// What to tell a person.
    package var description: String { "OpenSSL's libcrypto could not compute a digest" }
}

/// The digests that are computed of content in one pass.
package struct ContentHasher: ~Copyable {
    private var sha256: DigestContext
    private var gitBlob: DigestContext?

    /// Starts on content.
    /// - Parameter gitBlobLength: the content's length in bytes, where its git blob name is wanted too.
    package init(gitBlobLength: Int? = nil) throws(HashingFailure) {
        let second: DigestContext? =
            if let gitBlobLength { try ContentHasher.gitBlobContext(length: gitBlobLength) } else { nil }
        sha256 = try .sha256()
        gitBlob = second
    }

    private static func gitBlobContext(length: Int) throws(HashingFailure) -> DigestContext {
        var context = try DigestContext.sha1()
        try context.update(Array("blob \(length)\0".utf8).span)
        return context
    }

    /// Feeds the next bytes.
    package mutating func update(_ bytes: Span<UInt8>) throws(HashingFailure) {
        try sha256.update(bytes)
        try gitBlob?.update(bytes)
    }

    /// The digests of all that was fed.
    package consuming func finish() throws(HashingFailure) -> ContentDigests {
        let first = try sha256.finish()
        guard let digest = SHA256Digest(first) else { throw HashingFailure() }
        guard let second = gitBlob.take() else { return ContentDigests(sha256: digest, gitBlob: nil) }
        return ContentDigests(sha256: digest, gitBlob: GitBlobDigest(try second.finish()))
    }

    /// The SHA-256 of bytes in memory.
    package static func sha256(_ bytes: Span<UInt8>) throws(HashingFailure) -> SHA256Digest {
        var hasher = try ContentHasher()
        try hasher.update(bytes)
        return try hasher.finish().sha256
    }
}

/// What one pass over content gave.
package struct ContentDigests: Equatable, Hashable, Sendable {
    /// The SHA-256 of the content.
    package let sha256: SHA256Digest
    /// The git blob name, where it was asked for.
    package let gitBlob: GitBlobDigest?

    /// Puts digests that are already known together.
    package init(sha256: SHA256Digest, gitBlob: GitBlobDigest?) {
        self.sha256 = sha256
        self.gitBlob = gitBlob
    }
}
