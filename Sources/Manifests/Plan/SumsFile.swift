package import Storage

/// `SHA256SUMS`, in the form that `sha256sum -c` of GNU coreutils reads: 64 digits, two spaces, the path.
///
/// Paths in a bundle have no backslash and no newline, so that form's escapes are never needed.
package enum SumsFile {
    package static let name = "SHA256SUMS"

    package static func text(_ sums: [(path: String, digest: SHA256Digest)]) -> String {
        sums.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
            .map { "\($0.digest)  \($0.path)\n" }.joined()
    }

    /// The digests by path, or `nil` where the bytes are not exactly what ``text(_:)`` writes for them.
    package static func parse(_ bytes: [UInt8]) -> [String: SHA256Digest]? {
        var sums: [String: SHA256Digest] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let text = String(decoding: line, as: UTF8.self)
            guard let digest = SHA256Digest(hex: text.prefix(64)) else { return nil }
            sums[String(text.dropFirst(66))] = digest
        }
        return bytes == Array(self.text(sums.map { ($0.key, $0.value) }).utf8) ? sums : nil
    }
}
