import Formats
import Manifests
import PythonPackages

/// The licence that a wheel states of itself, in SPDX's words as far as it has some.
///
/// Read are the fields of METADATA: `License-Expression` (core metadata 2.4, an expression of SPDX), which stands alone;
/// else `License`, if it is a name or an expression and no text of a licence, together with the classifiers
/// (`Classifier: License :: …`). What these name besides each other holds together, as in a list of a model card.
enum WheelLicense {
    /// The longest statement that is a name and not a text, in bytes.
    private static let longestName = 100

    /// - Returns: `nil` where nothing states a licence.
    static func stated(in metadata: PackageMetadata) -> String? {
        if let expression = metadata.licenseExpression.flatMap(name) { return expression }
        var found: [String] = []
        func add(_ text: String) {
            let new = LicenseName(text)
            if !found.contains(where: { LicenseName($0) == new || new.accepts(LicenseName($0)) }) {
                found.append(text)
            }
        }
        let text = metadata.license.flatMap(name)
        if let text, isKnown(text) { add(text) }
        for classifier in metadata.classifiers { named(by: classifier).map(add) }
        if found.isEmpty { return text }
        return found.joined(separator: ", ")
    }

    /// A statement in one line, under SPDX's name if it is a usual way to write one; `nil` for a text of a licence.
    private static func name(_ text: String) -> String? {
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard isPlain, !text.isEmpty, text.utf8.count <= longestName,
            !text.uppercased().hasSameBytes(as: "UNKNOWN")
        else {
            return nil
        }
        return spellings[text.lowercased()] ?? text
    }

    /// Whether all that is named is known to SPDX or the Hub.
    private static func isKnown(_ text: String) -> Bool {
        LicenseExpression(stated: text).licenses.allSatisfy { LicenseName($0).isKnown }
    }

    /// The licence that a classifier names; `nil` where it names a group of them, or is about something else.
    private static func named(by classifier: String) -> String? {
        guard classifier.utf8.starts(with: "License :: ".utf8),
            let colon = classifier.utf8.lastIndex(of: 0x3A)
        else { return nil }
        let last = String(Substring(classifier.utf8[colon...].dropFirst().drop { $0 == 0x20 }))
        return last == "OSI Approved" ? nil : classifiers[last] ?? name(last)
    }

    /// What authors write in place of SPDX's identifiers, in small letters.
    private static let spellings: [ExactName: String] = [
        "apache": "Apache-2.0", "apache 2": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache2": "Apache-2.0",
        "apache2.0": "Apache-2.0", "apache-2": "Apache-2.0", "apache v2": "Apache-2.0",
        "apache license": "Apache-2.0", "apache license 2": "Apache-2.0", "apache license v2": "Apache-2.0",
        "apache license v2.0": "Apache-2.0", "apache license, version 2.0": "Apache-2.0",
        "apache license version 2.0": "Apache-2.0", "apache software license": "Apache-2.0",
        "apache software license 2.0": "Apache-2.0", "apache 2.0 license": "Apache-2.0",
        "bsd 3-clause": "BSD-3-Clause", "bsd-3": "BSD-3-Clause", "3-clause bsd": "BSD-3-Clause",
        "3-clause bsd license": "BSD-3-Clause", "bsd 3-clause license": "BSD-3-Clause",
        "bsd (3-clause)": "BSD-3-Clause", "new bsd": "BSD-3-Clause", "new bsd license": "BSD-3-Clause",
        "modified bsd": "BSD-3-Clause", "modified bsd license": "BSD-3-Clause",
        "bsd 2-clause": "BSD-2-Clause", "2-clause bsd": "BSD-2-Clause",
        "2-clause bsd license": "BSD-2-Clause",
        "simplified bsd": "BSD-2-Clause", "bsd license": "BSD", "mit license": "MIT",
        "the mit license": "MIT",
        "expat": "MIT", "isc license": "ISC", "mpl 2.0": "MPL-2.0", "mpl2": "MPL-2.0",
        "mozilla public license 2.0": "MPL-2.0", "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
        "psf": "PSF-2.0", "psf license": "PSF-2.0", "psfl": "PSF-2.0",
        "python software foundation license": "PSF-2.0", "gplv2": "GPL-2.0-only", "gpl v2": "GPL-2.0-only",
        "gplv2+": "GPL-2.0-or-later", "gplv3": "GPL-3.0-only", "gpl v3": "GPL-3.0-only",
        "gplv3+": "GPL-3.0-or-later", "lgplv2+": "LGPL-2.0-or-later", "lgplv2.1": "LGPL-2.1-only",
        "lgplv2.1+": "LGPL-2.1-or-later", "lgplv3": "LGPL-3.0-only", "lgplv3+": "LGPL-3.0-or-later",
        "agplv3": "AGPL-3.0-only", "agplv3+": "AGPL-3.0-or-later", "the unlicense": "Unlicense",
        "the unlicense (unlicense)": "Unlicense",
    ]

    /// The classifiers of PyPI (trove-classifiers 2026.1) that name one licence, and those that name a family.
    private static let classifiers: [ExactName: String] = [
        "Apache Software License": "Apache-2.0", "BSD License": "BSD",
        "Blue Oak Model License (BlueOak-1.0.0)": "BlueOak-1.0.0",
        "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
        "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
        "Common Development and Distribution License 1.0 (CDDL-1.0)": "CDDL-1.0",
        "Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0", "Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
        "European Union Public Licence 1.0 (EUPL 1.0)": "EUPL-1.0",
        "European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
        "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
        "GNU Affero General Public License v3": "AGPL-3.0-only",
        "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
        "GNU General Public License (GPL)": "GPL", "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
        "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
        "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
        "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
        "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
        "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
        "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
        "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
        "GNU Library or Lesser General Public License (LGPL)": "LGPL",
        "Historical Permission Notice and Disclaimer (HPND)": "HPND", "ISC License (ISCL)": "ISC",
        "MIT License": "MIT", "MIT No Attribution License (MIT-0)": "MIT-0",
        "MirOS License (MirOS)": "MirOS", "Mozilla Public License 1.0 (MPL)": "MPL-1.0",
        "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
        "Mulan Permissive Software License v2 (MulanPSL-2.0)": "MulanPSL-2.0",
        "PostgreSQL License": "PostgreSQL",
        "Python License (CNRI Python License)": "CNRI-Python",
        "Python Software Foundation License": "PSF-2.0", "SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
        "The Unlicense (Unlicense)": "Unlicense", "Universal Permissive License (UPL)": "UPL-1.0",
        "University of Illinois/NCSA Open Source License": "NCSA", "Zero-Clause BSD (0BSD)": "0BSD",
        "zlib/libpng License": "Zlib", "Other/Proprietary License": "proprietary",
    ]
}
