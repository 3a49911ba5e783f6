/// What a package's METADATA states (the core metadata specification, all versions), as far as an installation
/// depends on it.
package struct PackageMetadata: Equatable, Sendable {
    /// The project's name as it is written.
    package let name: String
    /// The version as it is written.
    package let version: String
    /// The Pythons that it takes, as they are written; `nil` for all.
    package let requiresPython: String?
    /// What it needs, as it is written.
    package let requires: [String]
    /// The extras that it offers, as they are written.
    package let extras: [String]

    /// The licence as an expression of SPDX's; `nil` where it is not stated so.
    package let licenseExpression: String?
    /// The licence in free words, on one line; `nil` if there are none.
    package let license: String?
    /// What kind of package it is, in PyPI's words.
    package let classifiers: [String]

    /// Reads the fields; `nil` where the bytes are not UTF-8, or have no name or no version.
    package init?(_ bytes: Span<UInt8>) {
        guard let fields = HeaderFields(bytes), let name = fields["Name"], let version = fields["Version"],
            !name.isEmpty, !version.isEmpty
        else { return nil }
        self.name = name
        self.version = version
        requiresPython = fields["Requires-Python"].flatMap { $0.isEmpty ? nil : $0 }
        requires = fields.all("Requires-Dist").filter { !$0.isEmpty }
        extras = fields.all("Provides-Extra").filter { !$0.isEmpty }
        licenseExpression = fields["License-Expression"].flatMap { $0.isEmpty ? nil : $0 }
        license = fields["License"].flatMap { $0.isEmpty ? nil : $0 }
        classifiers = fields.all("Classifier")
    }
}
