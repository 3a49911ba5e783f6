import Formats
package import Storage

/// The name of an artifact in an OCI registry: `oci://HOST[:PORT]/REPOSITORY[:TAG][@sha256:DIGEST]`.
///
/// The rules for repositories and tags are those of the OCI distribution specification 1.1 ("Pulling manifests").
package struct RegistryReference: Hashable, Sendable, CustomStringConvertible {
    /// The host in small letters, with the port if one is stated.
    package let authority: String
    /// The repository, such as "team/aimo3-models".
    package let repository: String
    /// The tag; `nil` where none is stated.
    package let tag: String?
    /// The digest of the manifest; `nil` where none is stated.
    package let digest: SHA256Digest?

    /// How every such name begins.
    package static let scheme = "oci://"
    /// The tag that is meant where neither a tag nor a digest is stated, as in every client of registries.
    package static let defaultTag = "latest"
    /// The most bytes of host and repository that clients take.
    private static let limit = 255

    /// Reads a name; `nil` for any other text.
    package init?(_ text: String) {
        guard text.hasUTF8Prefix(Self.scheme) else { return nil }
        let bytes = Array(text.utf8.dropFirst(Self.scheme.utf8.count))
        guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")),
            let (host, port) = HostAuthority.parse(bytes[..<slash])
        else { return nil }
        var rest = bytes[(slash + 1)...]
        var pinned: SHA256Digest?
        if let at = rest.firstIndex(of: UInt8(ascii: "@")) {
            guard let digest = Self.digest(String(decoding: rest[(at + 1)...], as: UTF8.self)) else {
                return nil
            }
            pinned = digest
            rest = rest[..<at]
        }
        digest = pinned
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            let tag = Array(rest[(colon + 1)...])
            guard Self.isTag(tag) else { return nil }
            self.tag = String(decoding: tag, as: UTF8.self)
            rest = rest[..<colon]
        } else {
            tag = nil
        }
        guard slash + rest.count < Self.limit, Self.isRepository(rest) else { return nil }
        repository = String(decoding: rest, as: UTF8.self)
        let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        authority = port.map { "\(shown):\($0)" } ?? shown
    }

    private init(_ other: RegistryReference, tag: String?, digest: SHA256Digest?) {
        authority = other.authority
        repository = other.repository
        self.tag = tag
        self.digest = digest
    }

    /// The same repository by a tag alone.
    func tagged(_ tag: String) -> RegistryReference { RegistryReference(self, tag: tag, digest: nil) }

    /// The same name with the digest of the manifest that it stands for.
    package func pinned(_ digest: SHA256Digest) -> RegistryReference {
        RegistryReference(self, tag: tag, digest: digest)
    }

    /// Whether both are in one repository.
    package func hasSameRepository(as other: RegistryReference) -> Bool {
        authority.hasSameBytes(as: other.authority) && repository.hasSameBytes(as: other.repository)
    }

    /// What is asked for: the digest if one is stated, else the tag.
    package var wanted: String {
        digest.map { "sha256:\($0.hex)" } ?? tag ?? Self.defaultTag
    }

    /// The name as it is written.
    package var description: String {
        var text = "\(Self.scheme)\(authority)/\(repository)"
        if let tag { text += ":\(tag)" }
        if let digest { text += "@sha256:\(digest.hex)" }
        return text
    }

    /// The same repository by the digest of a manifest.
    package func at(_ digest: SHA256Digest) -> String {
        "\(Self.scheme)\(authority)/\(repository)@sha256:\(digest.hex)"
    }

    /// Reads `sha256:` with 64 digits; `nil` for other algorithms too, of which no registry makes any by itself.
    package static func digest(_ text: String) -> SHA256Digest? {
        guard text.hasUTF8Prefix("sha256:") else { return nil }
        let hex = String(decoding: Array(text.utf8.dropFirst(7)), as: UTF8.self)
        guard let digest = SHA256Digest(hex: hex), digest.hex.hasSameBytes(as: hex) else { return nil }
        return digest
    }

    /// Whether a text is the name of a repository.
    package static func isRepository(_ text: String) -> Bool { isRepository(Array(text.utf8)[...]) }

    /// Segments between slashes, each of small letters and digits with ".", "_", "__" or any number of "-" between them.
    private static func isRepository(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.first, let last = part.last, isWord(first), isWord(last) else {
                return false
            }
            let gaps = part.split(omittingEmptySubsequences: true, whereSeparator: isWord)
            return gaps.allSatisfy { gap in
                switch gap.first {
                case UInt8(ascii: "."): gap.count == 1
                case UInt8(ascii: "_"): gap.count <= 2 && gap.allSatisfy { $0 == UInt8(ascii: "_") }
                default: gap.allSatisfy { $0 == UInt8(ascii: "-") }
                }
            }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isTag(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, bytes.count <= 128, first != UInt8(ascii: "."),
            first != UInt8(ascii: "-")
        else { return false }
        return bytes.allSatisfy { byte in
            isWord(byte) || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: "_")
                || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
        }
    }
}
