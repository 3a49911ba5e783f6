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

    /// The state of MD5, which Kaggle and Google's storage state for a file.
    static func md5() throws(HashingFailure) -> DigestContext {
        try unsafe DigestContext(EVP_md5(), size: 16)
    }

    /// Feeds the next bytes, which may be none.
    mutating func update(_ bytes: Span<UInt8>) throws(HashingFailure) {
        // SAFETY: libcrypto only reads the `count` bytes that the span lends for the call.
        let status = unsafe bytes.withUnsafeBytes { raw in
            unsafe EVP_DigestUpdate(context, raw.baseAddress, raw.count)
        }
        guard status == 1 else { throw HashingFailure() }
    }

    /// Another context that was fed the same.
    borrowing func duplicate() throws(HashingFailure) -> DigestContext {
        // The algorithm is copied with the rest.
        let other = try unsafe DigestContext(EVP_sha256(), size: size)
        guard unsafe EVP_MD_CTX_copy_ex(other.context, context) == 1 else { throw HashingFailure() }
        return other
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
    private var md5: DigestContext?

    /// Starts on content.
    ///
    /// - Parameters:
    ///   - gitBlobLength: the content's length in bytes, where its git blob name is wanted too.
    ///   - md5: whether its MD5 is wanted too, which stores state that know no better one.
    package init(gitBlobLength: Int? = nil, md5: Bool = false) throws(HashingFailure) {
        let second: DigestContext? =
            if let gitBlobLength { try ContentHasher.gitBlobContext(length: gitBlobLength) } else { nil }
        let third: DigestContext? = if md5 { try .md5() } else { nil }
        sha256 = try .sha256()
        gitBlob = second
        self.md5 = third
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
        try md5?.update(bytes)
    }

    /// The digests of all that was fed.
    package consuming func finish() throws(HashingFailure) -> ContentDigests {
        let first = try sha256.finish()
        guard let digest = SHA256Digest(first) else { throw HashingFailure() }
        var name: GitBlobDigest?
        if let second = gitBlob.take() { name = GitBlobDigest(try second.finish()) }
        var sum: [UInt8]?
        if let third = md5.take() { sum = try third.finish() }
        return ContentDigests(sha256: digest, gitBlob: name, md5: sum)
    }

    private init(copying other: borrowing ContentHasher) throws(HashingFailure) {
        sha256 = try other.sha256.duplicate()
        gitBlob = nil
        md5 = nil
    }

    /// Another hasher that was fed the same, and computes the SHA-256 alone.
    package borrowing func duplicate() throws(HashingFailure) -> ContentHasher {
        try ContentHasher(copying: self)
    }

    /// The SHA-256 of what was fed so far; more can be fed.
    package borrowing func digestSoFar() throws(HashingFailure) -> SHA256Digest {
        try duplicate().finish().sha256
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
    /// The MD5, where it was asked for: 16 bytes.
    package let md5: [UInt8]?
    /// The name of the content in Xet, where it was computed, too.
    package var xet: XetHash?

    /// Puts digests that are already known together.
    package init(
        sha256: SHA256Digest, gitBlob: GitBlobDigest?, md5: [UInt8]? = nil, xet: XetHash? = nil
    ) {
        self.sha256 = sha256
        self.gitBlob = gitBlob
        self.md5 = md5
        self.xet = xet
    }
}
