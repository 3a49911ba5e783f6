/// What a package needs or a person asks for (PEP 508), such as `requests[socks]>=2.8; python_version < "3.13"`.
package struct Requirement: Equatable, Sendable {
    /// The project's name as it was written.
    package let name: String
    /// The extras that are asked for, as they were written.
    package let extras: [String]
    /// The versions that are taken; none of them where ``url`` is there.
    package let specifiers: SpecifierSet
    /// Where the package is stored; `nil` where any of the name will do.
    package let url: String?
    /// Where it applies; `nil` where it always does.
    package let marker: Marker?

    /// A requirement of any version, or of those that meet the conditions.
    package init(name: String, specifiers: SpecifierSet = SpecifierSet()) {
        self.init(name: name, extras: [], specifiers: specifiers, url: nil, marker: nil)
    }

    /// Describes a requirement, as PEP 508 has it, by its parts.
    package init(name: String, extras: [String], specifiers: SpecifierSet, url: String?, marker: Marker?) {
        self.name = name
        self.extras = extras
        self.specifiers = specifiers
        self.url = url
        self.marker = marker
    }

    /// Reads a requirement.
    /// - Throws: what was expected, and at which byte.
    package init(parsing text: String) throws(RequirementError) {
        var reader = RequirementReader(text)
        self = try reader.requirement()
    }

    /// The name by which it is compared.
    package var normalizedName: String { PackageName.normalized(name) }

    /// What is asked for without the marker, for people.
    package var text: String {
        name + (extras.isEmpty ? "" : "[\(extras.joined(separator: ","))]")
            + (url.map { " @ \($0)" } ?? specifiers.description)
    }
}

/// Why a text is no requirement.
package struct RequirementError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was expected.
    package let message: String
    /// Where, in bytes from the text's start.
    package let offset: Int

    /// For people.
    package var description: String { "\(message) at character \(offset + 1)" }
}
