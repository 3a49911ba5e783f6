/// One condition on a version, such as ">=1.2" or "==1.*" (PEP 440, "Version specifiers").
package struct VersionSpecifier: Equatable, Sendable {
    /// How versions are compared; the raw value is what is written.
    package enum Operator: String, Sendable, CaseIterable {
        /// At least this, with the same numbers before the last.
        case compatible = "~="
        /// The same text.
        case arbitrary = "==="
        /// The same version, or one that begins so.
        case equal = "=="
        /// Another version.
        case unequal = "!="
        /// This or an older one.
        case atMost = "<="
        /// This or a newer one.
        case atLeast = ">="
        /// An older one.
        case below = "<"
        /// A newer one.
        case above = ">"
    }

    /// How versions are compared.
    package let comparison: Operator
    /// What they are compared with, as it was written, with ".*" where it is a prefix.
    package let text: String
    /// The same read; `nil` for "===" with a text that is no version.
    package let version: PackageVersion?
    /// Whether only the release's beginning counts.
    package let isPrefix: Bool

    /// Reads a condition; `nil` if the text is not one.
    package init?(_ condition: String) {
        let trimmed = condition.trimmed
        guard let comparison = Operator.allCases.first(where: { trimmed.utf8.starts(with: $0.rawValue.utf8) })
        else { return nil }
        let rest = String(Substring(trimmed.utf8.dropFirst(comparison.rawValue.utf8.count))).trimmed
        self.init(comparison, rest)
    }

    /// A condition of its parts; `nil` where the operator does not take the version.
    package init?(_ comparison: Operator, _ text: String) {
        self.comparison = comparison
        self.text = text
        guard comparison != .arbitrary else {
            guard
                !text.utf8.contains(where: {
                    $0 <= 0x20 || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ")")
                })
            else { return nil }
            version = PackageVersion(text)
            isPrefix = false
            return
        }
        var scanner = VersionScanner(text)
        let takesLocal = comparison == .equal || comparison == .unequal
        guard let version = scanner.version(local: takesLocal) else { return nil }
        let isPlain = version.pre == nil && version.post == nil && version.dev == nil && version.local.isEmpty
        isPrefix = takesLocal && isPlain && scanner.take(".*")
        guard scanner.isAtEnd else { return nil }
        if comparison == .compatible, version.release.count < 2 { return nil }
        self.version = version
    }

    /// Whether the author asked for pre-releases by naming one.
    package var namesPrerelease: Bool {
        if comparison == .unequal || isPrefix { return false }
        return version?.isPrerelease ?? false
    }

    /// Whether a version, be it a pre-release or not, meets the condition.
    package func contains(_ candidate: PackageVersion) -> Bool {
        guard comparison != .arbitrary, let version else {
            return candidate.description.lowercased() == text.lowercased()
        }
        switch comparison {
        case .equal: return isEqual(candidate, version)
        case .unequal: return !isEqual(candidate, version)
        case .atLeast: return candidate >= version
        case .atMost: return candidate.withoutLocal <= version
        case .compatible:
            return candidate >= version && candidate.begins(with: version.release.dropLast(), of: version)
        case .above:
            // Neither local versions of it nor, unless it is one itself, its post-releases are above it.
            guard candidate.withoutLocal > version else { return false }
            if version.post != nil || version.dev != nil { return true }
            return candidate.epoch != version.epoch || candidate.pre != version.pre
                || candidate.trimmedRelease != version.trimmedRelease
        case .below:
            if version.isPrerelease { return candidate < version }
            // Its own pre-releases are not below it.
            return candidate
                < PackageVersion(epoch: version.epoch, release: version.release, post: version.post, dev: 0)
        case .arbitrary: return false
        }
    }

    private func isEqual(_ candidate: PackageVersion, _ version: PackageVersion) -> Bool {
        if isPrefix { return candidate.begins(with: version.release[...], of: version) }
        return version.local.isEmpty ? candidate.withoutLocal == version : candidate == version
    }
}

extension VersionSpecifier: CustomStringConvertible {
    /// The condition as it is written, without spaces.
    package var description: String { comparison.rawValue + text }
}

extension PackageVersion {
    /// Whether the release begins with the numbers, zeros added where it is shorter, in the epoch of `other`.
    fileprivate func begins(with prefix: ArraySlice<UInt64>, of other: PackageVersion) -> Bool {
        guard epoch == other.epoch else { return false }
        return prefix.enumerated().allSatisfy { index, number in
            (index < release.count ? release[index] : 0) == number
        }
    }
}

extension String {
    /// Without ASCII white space at both ends.
    package var trimmed: String {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let tail = Substring(utf8.drop(while: isSpace))
        guard let end = tail.utf8.lastIndex(where: { !isSpace($0) }) else { return "" }
        return String(tail[...end])
    }
}
