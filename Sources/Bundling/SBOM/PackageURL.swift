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
        return "pkg:pypi/\(encoded(plain.lowercased()))@\(encoded(version))"
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

/// What the name of a wheel says (PEP 427): `name-version(-build)?-python-abi-platform.whl`.
struct WheelIdentity: Equatable {
    /// The name of the package, as the file has it.
    let name: String
    /// The version.
    let version: String

    /// - Parameter path: the file's path; `nil` where it is no wheel's.
    init?(path: String) {
        guard let file = path.utf8.split(separator: UInt8(ascii: "/")).last,
            file.suffix(4).elementsEqual(".whl".utf8)
        else { return nil }
        let parts = file.dropLast(4).split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 5 || parts.count == 6, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        name = String(Substring(parts[0]))
        version = String(Substring(parts[1]))
    }

    var packageURL: String { PackageURL.pypi(name, version: version) }
}
