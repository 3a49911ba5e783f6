import Formats

extension KaggleHandle {
    /// The handle as kagglehub takes it: `owner/model/framework/variation/2`, `owner/name/versions/3` or
    /// `competition`, without the version if there is none.
    package var text: String {
        let base = parts.joined(separator: "/")
        guard let version else { return base }
        return kind == .model ? "\(base)/\(version)" : "\(base)/versions/\(version)"
    }

    /// Reads a handle. Stricter than kagglehub, which takes ".." and empty parts and any digits Python
    /// knows: every part is a folder of the cache, so it must be a plain name.
    package static func parse(_ kind: Kind, _ text: String) throws(SourceError) -> KaggleHandle {
        let all = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
        let allowed =
            switch kind {
            case .model: "owner/model/framework/variation, with or without /version"
            case .dataset, .notebook: "owner/name, with or without /versions/number"
            case .competition: "the competition's name alone, as in its address"
            }
        let (base, versioned) = kind.parts
        guard all.count == base || all.count == versioned else {
            throw SourceError("has \(Counted.text(all.count, "part"))", allowed: allowed)
        }
        for part in all where !isPlainName(part) {
            let problem = part.isEmpty ? "has an empty part" : "has the part \(quoted(part))"
            throw SourceError(
                problem,
                allowed: "parts of ASCII letters, digits, '-', '_' and '.', starting with a letter or digit")
        }
        let hasVersion = all.count == versioned && versioned > base
        if hasVersion, kind != .model, all[2] != "versions" {
            throw SourceError("has \(quoted(all[2])) before the version", allowed: allowed)
        }
        var version: Int?
        if hasVersion, let last = all.last {
            // A sign, leading zeros and other digits would be a second text for the same version.
            let isCanonical = last.utf8.allSatisfy { (0x30...0x39).contains($0) } && !last.hasBytes("0")
            guard isCanonical, let number = Int(last) else {
                throw SourceError("has the version \(quoted(last))", allowed: "a whole number from 1")
            }
            version = number
        }
        return KaggleHandle(kind: kind, parts: Array(all.prefix(base)), version: version)
    }

    private static func isPlainName(_ part: String) -> Bool {
        guard let first = part.utf8.first, part.utf8.count <= 255 else { return false }
        return isLetterOrDigit(first)
            && part.utf8.allSatisfy { isLetterOrDigit($0) || "-_.".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

extension KaggleHandle.Kind {
    /// How many parts a handle has, without and with a version; the same where there are no versions.
    package var parts: (base: Int, versioned: Int) {
        switch self {
        case .model: (4, 5)
        case .dataset, .notebook: (2, 4)
        case .competition: (1, 1)
        }
    }
}
