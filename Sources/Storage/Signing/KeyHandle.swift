import CCrypto
import Formats

/// A key of libcrypto, private or public.
@safe final class KeyHandle: @unchecked Sendable {
    // SAFETY: made in init, freed in deinit, and never changed between: libcrypto lets several threads sign
    // and verify with one key, each with a context of its own.
    private let key: OpaquePointer
    /// The curve that the key's point is on.
    let curve: Curve

    /// Reads a key out of a PEM text.
    /// - Parameters:
    ///   - isPrivate: whether a private key is wanted, or a public one.
    ///   - password: what an encrypted private key opens with.
    init(pem: [UInt8], isPrivate: Bool, password: [UInt8]?) throws(KeyProblem) {
        guard
            let block = PEMBlock.first(
                in: pem,
                where: {
                    isPrivate ? $0.hasUTF8Suffix("PRIVATE KEY") : $0.hasSameBytes(as: "PUBLIC KEY")
                })
        else { throw .noKey }
        guard block.label.hasUTF8Suffix("PRIVATE KEY") == isPrivate,
            isPrivate || block.label.hasSameBytes(as: "PUBLIC KEY")
        else { throw .other(block.label) }
        if block.isEncrypted, password == nil { throw .needsPassword }
        defer { ERR_clear_error() }
        guard let read = unsafe KeyHandle.read(block, isPrivate: isPrivate, password: password ?? []) else {
            throw block.isEncrypted ? .wrongPassword : .damaged
        }
        do throws(KeyProblem) {
            curve = try unsafe KeyHandle.curve(of: read)
            // However the point was written: the same key must have the same text.
            guard
                unsafe EVP_PKEY_set_utf8_string_param(
                    read, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") == 1
            else { throw KeyProblem.refused }
        } catch {
            unsafe EVP_PKEY_free(read)
            throw error
        }
        unsafe key = read
    }

    deinit { unsafe EVP_PKEY_free(key) }

    private static func read(_ block: PEMBlock, isPrivate: Bool, password: [UInt8]) -> OpaquePointer? {
        // With a password, even an empty one, libcrypto never asks for it on the terminal.
        let password = password.map { CChar(bitPattern: $0) } + [0]
        // SAFETY: the BIO reads the block's bytes, and the password is a C string; both arrays outlive the
        // calls that use them, and libcrypto changes neither: the parameter's type has no const only
        // because other callbacks may.
        return unsafe block.text.withUnsafeBytes { bytes in
            guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer { unsafe _ = BIO_free(source) }
            return unsafe password.withUnsafeBytes { word in
                let word = unsafe UnsafeMutableRawPointer(mutating: word.baseAddress)
                return unsafe isPrivate
                    ? PEM_read_bio_PrivateKey(source, nil, nil, word)
                    : PEM_read_bio_PUBKEY(source, nil, nil, word)
            }
        }
    }

    /// The key's curve, where it is one that signs models.
    private static func curve(of key: OpaquePointer) throws(KeyProblem) -> Curve {
        guard unsafe EVP_PKEY_is_a(key, "EC") == 1 else {
            let name =
                unsafe EVP_PKEY_get0_type_name(key).map { unsafe String(cString: $0) } ?? "another kind"
            throw .unsupported(name == "ED25519" ? "Ed25519" : name)
        }
        guard let name = unsafe text(OSSL_PKEY_PARAM_GROUP_NAME, of: key),
            unsafe text(OSSL_PKEY_PARAM_EC_ENCODING, of: key) != "explicit"
        else { throw .unsupported("a curve with parameters of its own") }
        guard let curve = Curve(groupName: name) else {
            throw .unsupported("a curve named \(name)")
        }
        return curve
    }

    private static func text(_ parameter: String, of key: OpaquePointer) -> String? {
        var bytes = [CChar](repeating: 0, count: 80)
        var count = 0
        // SAFETY: at most 80 bytes are written into the array that has as many.
        guard unsafe EVP_PKEY_get_utf8_string_param(key, parameter, &bytes, 80, &count) == 1 else {
            return nil
        }
        return String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The public half as PEM text of SubjectPublicKeyInfo: what `openssl pkey -pubout` writes.
    func publicPEM() throws(KeyProblem) -> [UInt8] {
        defer { ERR_clear_error() }
        guard let sink = unsafe BIO_new(BIO_s_mem()) else { throw .refused }
        defer { unsafe _ = BIO_free(sink) }
        guard unsafe PEM_write_bio_PUBKEY(sink, key) == 1 else { throw .refused }
        var bytes = [UInt8](repeating: 0, count: 2048)
        // SAFETY: at most 2048 bytes are written into the array that has as many.
        let count = unsafe BIO_read(sink, &bytes, 2048)
        guard count > 0, count < 2048 else { throw .refused }
        return Array(bytes.prefix(Int(count)))
    }

    /// The ECDSA signature of a message, as DER; another one every time.
    func sign(_ message: [UInt8]) throws(KeyProblem) -> [UInt8] {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { throw .refused }
        defer { unsafe EVP_MD_CTX_free(context) }
        // The longest, of P-521: two integers of 66 bytes and a sign, with their tags and lengths.
        var signature = [UInt8](repeating: 0, count: 256)
        var count = signature.count
        // SAFETY: libcrypto reads `message.count` bytes of the one array and writes at most `count` of the other.
        guard
            unsafe EVP_DigestSignInit_ex(context, nil, curve.digestName, nil, nil, key, nil) == 1,
            unsafe EVP_DigestSign(context, &signature, &count, message, message.count) == 1
        else { throw .refused }
        return Array(signature.prefix(count))
    }

    /// Whether `signature` is one of the message. One whose DER is not the only right form is none.
    func isSignature(_ signature: [UInt8], of message: [UInt8]) throws(KeyProblem) -> Bool {
        defer { ERR_clear_error() }
        guard let context = unsafe EVP_MD_CTX_new() else { throw .refused }
        defer { unsafe EVP_MD_CTX_free(context) }
        guard unsafe EVP_DigestVerifyInit_ex(context, nil, curve.digestName, nil, nil, key, nil) == 1 else {
            throw .refused
        }
        // SAFETY: libcrypto only reads the bytes that both arrays have.
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
