package import Formats
package import Storage

/// `SHA256SUMS`, in the form that `sha256sum -c` of GNU coreutils reads: 64 digits, two spaces, the path.
///
/// Paths in a bundle have no backslash and no newline, so that form's escapes are never needed.
package enum SumsFile {
    /// Its path in a bundle.
    package static let name: RelativePath = "SHA256SUMS"

    /// The text, in the order of the paths.
    package static func text(_ sums: [(path: RelativePath, digest: SHA256Digest)]) -> String {
        sums.sorted { $0.path < $1.path }.map { "\($0.digest)  \($0.path)\n" }.joined()
    }

    /// The digests by path, or `nil` where the bytes are not exactly what ``text(_:)`` writes for them.
    package static func parse(_ bytes: [UInt8]) -> [RelativePath: SHA256Digest]? {
        var sums: [RelativePath: SHA256Digest] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let digest = SHA256Digest(hex: String(decoding: line.prefix(64), as: UTF8.self)),
                let path = RelativePath(String(decoding: line.dropFirst(66), as: UTF8.self))
            else { return nil }
            sums[path] = digest
        }
        return bytes == Array(self.text(sums.map { ($0.key, $0.value) }).utf8) ? sums : nil
    }
}
