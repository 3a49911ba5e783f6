/// Conditions that all have to hold, such as ">=1.2,<2"; none take every version.
package struct SpecifierSet: Equatable, Sendable {
    /// The conditions in the order in which they were written.
    package let specifiers: [VersionSpecifier]

    /// Puts conditions together.
    package init(_ specifiers: [VersionSpecifier] = []) { self.specifiers = specifiers }

    /// Reads conditions with commas between them; `nil` where one of them is none. Nothing at all and empty
    /// parts are *not* an error.
    package init?(_ text: String) {
        var specifiers: [VersionSpecifier] = []
        for part in text.utf8.split(separator: UInt8(ascii: ",")) {
            let trimmed = String(Substring(part)).trimmed
            if trimmed.isEmpty { continue }
            guard let specifier = VersionSpecifier(trimmed) else { return nil }
            specifiers.append(specifier)
        }
        self.specifiers = specifiers
    }

    /// Whether one of them asks for pre-releases by naming one.
    package var namesPrerelease: Bool { specifiers.contains(where: \.namesPrerelease) }

    /// Whether a version, be it a pre-release or not, meets all conditions.
    package func contains(_ version: PackageVersion) -> Bool {
        specifiers.allSatisfy { $0.contains(version) }
    }

    /// The versions that an installer may take: those that meet the conditions, and pre-releases of them only
    /// where the conditions name one or nothing else is left.
    package func choices<Item>(among items: [Item], version: (Item) -> PackageVersion) -> [Item] {
        let matching = items.filter { contains(version($0)) }
        if namesPrerelease { return matching }
        let finals = matching.filter { !version($0).isPrerelease }
        return finals.isEmpty ? matching : finals
    }
}

extension SpecifierSet: CustomStringConvertible {
    /// The conditions with commas between them.
    package var description: String { specifiers.map(\.description).joined(separator: ",") }
}
