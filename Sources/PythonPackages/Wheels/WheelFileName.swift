import Formats

/// What a wheel's file name states (the binary distribution format, "File name convention").
package struct WheelFileName: Equatable, Sendable {
    /// A number that tells wheels of one version apart.
    package struct Build: Equatable, Sendable, Comparable {
        /// The digits at its beginning.
        package let number: UInt64
        /// What follows them.
        package let text: String

        /// By number, then by the bytes of the text.
        package static func < (left: Build, right: Build) -> Bool {
            if left.number != right.number { return left.number < right.number }
            return left.text.precedesByBytes(right.text)
        }
    }

    /// The project, normalized.
    package let name: String
    /// The version.
    package let version: PackageVersion
    /// The build; `nil` if there is none.
    package let build: Build?
    /// What it runs on, compressed as it is written.
    package let tagText: String
    /// What it runs on.
    package let tags: [WheelTag]

    /// Reads a file name, without directories; `nil` where it is no wheel's.
    package init?(_ file: String) {
        guard file.hasUTF8Suffix(".whl") else { return nil }
        var parts = file.dropLast(4).split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5 || parts.count == 6 else { return nil }
        let isName = parts[0].unicodeScalars.allSatisfy { scalar in
            scalar == "_" || scalar == "." || scalar.properties.isAlphabetic
                || scalar.properties.numericType != nil
        }
        guard isName, !parts[0].isEmpty, !parts[0].contains("__"), let version = PackageVersion(parts[1])
        else { return nil }
        if parts.count == 6 {
            let digits = parts[2].prefix { "0123456789".contains($0) }
            guard let number = UInt64(digits) else { return nil }
            build = Build(number: number, text: String(parts[2].dropFirst(digits.count)))
            parts.remove(at: 2)
        } else {
            build = nil
        }
        tagText = parts[2...].joined(separator: "-")
        guard let tags = WheelTag.set(tagText) else { return nil }
        self.tags = tags
        self.version = version
        name = PackageName.normalized(parts[0])
    }
}
