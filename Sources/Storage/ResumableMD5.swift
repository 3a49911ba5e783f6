import CCrypto
import Formats

/// A running MD5 (RFC 1321) whose state can be written down, so that a later process goes on with it.
package struct ResumableMD5: Sendable {
    private var context: MD5_CTX
    /// How many bytes were fed.
    package private(set) var count: Int

    /// Starts on content.
    package init() {
        context = MD5_CTX()
        // SAFETY: the context is this value's own.
        unsafe _ = MD5_Init(&context)
        count = 0
    }

    /// Feeds the next bytes, which may be none.
    package mutating func update(_ bytes: Span<UInt8>) {
        // SAFETY: libcrypto only reads the `count` bytes that the span lends for the call.
        unsafe bytes.withUnsafeBytes { raw in unsafe _ = MD5_Update(&context, raw.baseAddress, raw.count) }
        count += bytes.count
    }

    /// The digest of all that was fed so far, 16 bytes; more can be fed.
    package var digest: [UInt8] {
        var last = context
        var bytes = [UInt8](repeating: 0, count: Int(MD5_DIGEST_LENGTH))
        // SAFETY: the digest has as many bytes as the array.
        unsafe _ = MD5_Final(&bytes, &last)
        return bytes
    }

    // MARK: The state as text

    /// The state for ``init(state:)``: words and lengths in hexadecimal, and the bytes that wait for their block.
    package var state: String {
        let words = [context.A, context.B, context.C, context.D].map { String($0, radix: 16) }
        let waiting = count % 64
        let data = unsafe withUnsafeBytes(of: context.data) { raw in unsafe Array(raw.prefix(waiting)) }
        return (words + [String(count, radix: 16), Hex.text(data)]).joined(separator: " ")
    }

    /// Goes on from a ``state``; `nil` for what is none.
    package init?(state: String) {
        self.init()
        let parts = state.utf8.split(separator: 0x20, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard parts.count == 6, let count = Int(parts[4], radix: 16), count >= 0, count <= Int.max / 8,
            let waiting = Hex.bytes(parts[5]), waiting.count == count % 64
        else { return nil }
        let words = parts.prefix(4).compactMap { UInt32($0, radix: 16) }
        guard words.count == 4 else { return nil }
        (context.A, context.B, context.C, context.D) = (words[0], words[1], words[2], words[3])
        let bits = UInt64(count) * 8
        (context.Nl, context.Nh) = (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
        unsafe withUnsafeMutableBytes(of: &context.data) { raw in
            for (index, byte) in waiting.enumerated() { unsafe raw[index] = byte }
        }
        context.num = UInt32(waiting.count)
        self.count = count
    }
}
