import Formats
import Manifests
import Storage

/// A package URL (purl, https://github.com/package-url/purl-spec), as text.
enum PackageURL {
    /// A model of the Hugging Face Hub. Its name keeps its letters; the commit is in small ones.
    /// - Parameters:
    ///   - id: "organization/name" or a legacy "name".
    ///   - commit: `nil` where no revision is meant.
    static func huggingFace(_ id: String, commit: String?) -> String {
        "pkg:huggingface/\(encoded(id))" + (commit.map { "@\(encoded($0.lowercased()))" } ?? "")
    }

    /// A package of PyPI: the name in small letters, "-" for "_".
    static func pypi(_ name: String, version: String) -> String {
        let plain = String(decoding: name.utf8.map { $0 == UInt8(ascii: "_") ? 0x2D : $0 }, as: UTF8.self)
        return "pkg:pypi/\(part(plain.lowercased()))@\(part(version))"
    }

    /// An artifact of an OCI registry: its name is the last part of the repository, and its version the manifest.
    static func oci(_ reference: RegistryReference, manifest: SHA256Digest) -> String {
        let name = part(Path.name(reference.repository))
        let place = part("\(reference.authority)/\(reference.repository)")
        return "pkg:oci/\(name)@sha256%3A\(manifest.hex)?repository_url=\(place)"
            + (reference.tag.map { "&tag=\(part($0))" } ?? "")
    }

    /// Encoded so that nothing of it can be taken for a separator: what wheels say of themselves may be anything.
    private static func part(_ text: String) -> String {
        encoded(text).utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }.joined(separator: "%2F")
    }

    /// Percent-encoded but for letters, digits, "-", ".", "_", "~" and the separators "/" and ":".
    static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A, 0x2D...0x2F, UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                bytes += "%\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
