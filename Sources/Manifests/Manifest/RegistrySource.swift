import Formats
package import Storage

/// What a registry has under a name, as a source: `HOST[:PORT]/REPOSITORY[:TAG][@sha256:DIGEST][#ENTRY]`.
package struct RegistrySource: Hashable, Sendable {
    /// The artifact. It has a tag, a digest, or both.
    package let reference: RegistryReference
    /// The entry that is meant where the artifact is a bundle; `nil` for the only one of a bundle, and for everything that is
    /// no bundle.
    package let entry: String?

    /// Names what a registry has; without a tag and a digest "latest" is meant.
    package init(_ reference: RegistryReference, entry: String?) {
        self.reference =
            reference.tag == nil && reference.digest == nil
            ? reference.tagged(RegistryReference.defaultTag) : reference
        self.entry = entry
    }

    /// What is written behind the scheme; ``parse(_:)`` makes the same source of it.
    package var text: String { reference.name + (entry.map { "#\($0)" } ?? "") }

    /// The same source at the manifest that was found.
    package func at(_ digest: SHA256Digest) -> RegistrySource {
        RegistrySource(reference.pinned(digest), entry: entry)
    }

    /// The repository and the entry, whatever the tag and the digest.
    package var anywhere: RegistrySource {
        RegistrySource(reference.tagged(RegistryReference.defaultTag), entry: entry)
    }

    /// Reads what follows `oci:`.
    package static func parse(_ text: String) throws(SourceError) -> RegistrySource {
        let allowed = "host/repository:tag or host/repository@sha256:digest, in small letters"
        if text.hasUTF8Prefix("//") {
            let rest = String(Substring(text.utf8.dropFirst(2)))
            throw SourceError(
                "has \"//\" behind \"oci:\"", allowed: allowed,
                suggestion: (try? parse(rest)).map { "oci:\($0.text)" })
        }
        let mark = text.utf8.firstIndex(of: UInt8(ascii: "#"))
        let name = mark.map { String(Substring(text.utf8[..<$0])) } ?? text
        let entry = mark.map { String(Substring(text.utf8[text.utf8.index(after: $0)...])) }
        guard let reference = RegistryReference(RegistryReference.scheme + name), reference.hasPlainHost
        else {
            throw SourceError("has \(quoted(name)), which is no name of an artifact", allowed: allowed)
        }
        guard entry.map(TextRule.entryName.accepts) ?? true else {
            throw SourceError(
                "names the entry \(quoted(entry ?? ""))", allowed: TextRule.entryName.allowed)
        }
        return RegistrySource(reference, entry: entry)
    }
}

extension RegistryReference {
    /// The name without its scheme.
    package var name: String { String(Substring(description.utf8.dropFirst(Self.scheme.utf8.count))) }

    /// Whether the host begins as the names of hosts do, so that it can be a directory's name too.
    fileprivate var hasPlainHost: Bool {
        switch authority.utf8.first ?? 0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "["):
            true
        default: false
        }
    }
}
