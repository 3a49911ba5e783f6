import Formats

/// A licence's name in the form in which two of them are compared: SPDX's and the Hub's spellings of one licence
/// give the same.
package struct LicenseName: Hashable {
    /// The identifier in small letters: SPDX's where it has one.
    package let id: String

    /// Takes a name as it is written anywhere; what nobody knows stands for itself.
    package init(_ text: String) {
        let folded = LicenseName.fold(text)
        id = LicenseName.spellings[folded] ?? folded
    }

    /// Whether the name states nothing: the Hub's "unknown", and "other" where the card does not name it.
    package var isUnknown: Bool { ["unknown", "other", "array"].contains(id) }

    /// Whether SPDX, the Hub or Kaggle knows the name.
    package var isKnown: Bool {
        SPDXIdentifiers.contains(id) || LicenseName.others.contains(id) || isFamily
    }

    /// Whether a rule that names this licence accepts another one: the same one, a member of the family that it
    /// names, or `-or-later` of the version that it names.
    package func accepts(_ other: LicenseName) -> Bool {
        if self == other { return true }
        if id == "openrail" { return LicenseName.openRAIL.contains(other.id) }
        if id.hasUTF8Suffix("-only") || id.hasUTF8Suffix("-or-later") {
            let version = id.hasUTF8Suffix("-only") ? id.dropLast("-only".count) : id[...]
            return other.id == version + "-or-later"
        }
        // A family is a name without its version: cc-by accepts cc-by-4.0, but not cc-by-nc-4.0.
        guard isFamily, other.id.hasUTF8Prefix(id) else { return false }
        let rest = other.id.utf8.dropFirst(id.utf8.count)
        let version = rest.first == UInt8(ascii: "-") ? rest.dropFirst() : rest
        return version.first.map { (0x30...0x39).contains($0) } ?? false
    }

    /// What was probably meant by a name that nobody knows.
    package var suggestion: String? {
        let names = LicenseName.hub + LicenseName.families.sortedTexts
        // "apache2" lacks more than a letter, but nothing that states which licence it is.
        let letters = LicenseName.letters(of: id)
        let same = names.first { name in
            let other = LicenseName.letters(of: name)
            return other == letters || (letters.count >= 4 && other.starts(with: letters))
        }
        return same ?? Suggestion.nearest(to: id, among: names)
    }

    private var isFamily: Bool { LicenseName.families.contains(id) }

    private static func letters(of name: String) -> [UInt8] {
        name.utf8.filter { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
    }

    /// In small letters, with one "-" for blanks and "_".
    static func fold(_ text: String) -> String {
        var words: [String] = []
        for word in text.lowercased().unicodeScalars.split(whereSeparator: {
            " \t_".unicodeScalars.contains($0)
        }) {
            words.append(String(String.UnicodeScalarView(word)))
        }
        return words.joined(separator: "-")
    }

    // MARK: Names

    /// The Hub's identifiers that SPDX writes otherwise, what SPDX has deprecated, and Kaggle's words.
    private static let spellings: [ExactName: String] = {
        var spellings: [ExactName: String] = [
            "odbl": "odbl-1.0", "odc-by": "odc-by-1.0", "pddl": "pddl-1.0", "lgpl-lr": "lgpllr",
            "fdl-1.3": "gfdl-1.3-only", "gfdl-1.3": "gfdl-1.3-only", "cc0": "cc0-1.0",
            "cc0:-public-domain": "cc0-1.0",
            "mit-license": "mit", "the-mit-license": "mit", "apache-license-2.0": "apache-2.0",
            "cc-by-sa-4.0-international": "cc-by-sa-4.0", "gpl-2": "gpl-2.0-only", "gpl-3": "gpl-3.0-only",
            "attribution-4.0-international-(cc-by-4.0)": "cc-by-4.0",
        ]
        for name in [
            "gpl-1.0", "gpl-2.0", "gpl-3.0", "lgpl-2.0", "lgpl-2.1", "lgpl-3.0", "agpl-1.0", "agpl-3.0",
        ] {
            spellings[name] = "\(name)-only"
            spellings["\(name)+"] = "\(name)-or-later"
        }
        return spellings
    }()

    /// Names without a version, which stand for all versions.
    static let families: Set<ExactName> = [
        "afl", "agpl", "apache", "artistic", "bsd", "cc-by", "cc-by-nc", "cc-by-nc-nd", "cc-by-nc-sa",
        "cc-by-nd",
        "cc-by-sa", "cdla-permissive", "cdla-sharing", "epl", "eupl", "gemma", "gfdl", "gpl", "lgpl", "llama",
        "mpl",
        "openrail", "osl",
    ]

    private static let openRAIL: Set<ExactName> = [
        "openrail++", "bigscience-openrail-m", "creativeml-openrail-m", "bigcode-openrail-m",
        "bigscience-bloom-rail-1.0",
    ]

    /// Names of the Hub and of Kaggle that SPDX does not have.
    private static let others = Set(
        exactly:
            hub + ["copyright-authors", "us-government-works", "dbcl-1.0", "eu-odp-legal-notice"])

    /// The Hub's identifiers, and names in frequent use as `license_name`.
    package static let hub =
        hubIdentifiers + [
            "deepseek", "qwen", "qwen-research", "tongyi-qianwen", "falcon-llm-license", "mrl", "mnpl",
            "nvidia-open-model-license", "stabilityai-ai-community", "flux-1-dev-non-commercial-license",
            "yi-license", "hai-def", "health-ai-developer-foundations", "lfm1.0", "modified-mit",
        ]

    /// What a card may state as `license` (https://huggingface.co/docs/hub/repositories-licenses); the Hub takes no commit
    /// with another one.
    package static let hubIdentifiers = [
        "apache-2.0", "mit", "openrail", "bigscience-openrail-m", "creativeml-openrail-m",
        "bigscience-bloom-rail-1.0",
        "bigcode-openrail-m", "afl-3.0", "artistic-2.0", "bsl-1.0", "bsd", "bsd-2-clause", "bsd-3-clause",
        "bsd-3-clause-clear", "c-uda", "cc", "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0",
        "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0",
        "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
        "cdla-sharing-1.0", "cdla-permissive-1.0", "cdla-permissive-2.0", "wtfpl", "ecl-2.0", "epl-1.0",
        "epl-2.0",
        "etalab-2.0", "eupl-1.1", "eupl-1.2", "agpl-3.0", "gfdl", "gpl", "gpl-2.0", "gpl-3.0", "lgpl",
        "lgpl-2.1",
        "lgpl-3.0", "isc", "h-research", "intel-research", "lppl-1.3c", "ms-pl", "apple-ascl", "apple-amlr",
        "mpl-2.0",
        "odc-by", "odbl", "openmdw-1.0", "openrail++", "osl-3.0", "postgresql", "ofl-1.1", "ncsa",
        "unlicense", "zlib",
        "pddl", "lgpl-lr", "deepfloyd-if-license", "fair-noncommercial-research-license", "llama2", "llama3",
        "llama3.1", "llama3.2", "llama3.3", "llama4", "gemma", "grok2-community", "other", "unknown",
    ]
}
