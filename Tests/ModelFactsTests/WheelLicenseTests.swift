import Testing

@testable import ModelFacts
@testable import PythonPackages

/// What METADATA of wheels states of their licences.
@Suite struct WheelLicenseTests {
    private func stated(_ fields: String...) throws -> String? {
        let text = "Metadata-Version: 2.4\nName: a\nVersion: 1\n" + fields.joined(separator: "\n") + "\n"
        let bytes = Array(text.utf8)
        let metadata = PackageMetadata(bytes.span)
        return WheelLicense.stated(in: try #require(metadata))
    }

    @Test func anExpressionStandsAlone() throws {
        #expect(
            try stated("License-Expression: Apache-2.0 OR MIT", "License: GPL-3.0") == "Apache-2.0 OR MIT")
        #expect(try stated("License-Expression: mit") == "mit")
    }

    @Test(arguments: [
        ("MIT", "MIT"), ("Apache 2.0", "Apache-2.0"), ("new BSD", "BSD-3-Clause"), ("BSD", "BSD"),
        ("Apache License, Version 2.0", "Apache-2.0"), ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("My own", "My own"),
    ]) func usualWordsAreSPDXs(_ text: String, _ license: String) throws {
        #expect(try stated("License: \(text)") == license)
    }

    @Test(arguments: [
        ("OSI Approved :: MIT License", "MIT"), ("OSI Approved :: Apache Software License", "Apache-2.0"),
        ("OSI Approved :: GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"),
        ("Other/Proprietary License", "proprietary"),
        ("Free for non-commercial use", "Free for non-commercial use"),
    ]) func classifiersAreRead(_ classifier: String, _ license: String) throws {
        #expect(try stated("Classifier: License :: \(classifier)") == license)
        // A text of a licence is no name of one.
        let text = "License: " + String(repeating: "Permission is hereby granted ", count: 20)
        #expect(try stated(text, "Classifier: License :: \(classifier)") == license)
        #expect(try stated(text) == nil)
    }

    @Test func whatIsStatedTwiceHoldsTogether() throws {
        #expect(
            try stated(
                "License: MIT", "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)"
            )
                == "MIT, GPL-3.0-only")
        #expect(
            try stated("License: BSD-3-Clause", "Classifier: License :: OSI Approved :: BSD License")
                == "BSD-3-Clause")
        #expect(
            try stated("License: UNKNOWN", "Classifier: Topic :: Text", "Classifier: License :: OSI Approved")
                == nil)
    }
}
