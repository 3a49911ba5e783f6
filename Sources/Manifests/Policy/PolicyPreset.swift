/// A kind of licence that competitions ask of what wins, and the licences of models, data and packages that agree with it.
///
/// A preset stands for a list of licences and for nothing else; `licenses` adds to it. Sources: the OSI's list of
/// approved licences (opensource.org/licenses); Creative Commons' rules on what may be combined; Kaggle's rules of
/// 2026, whose winners give their work away under an OSI licence, CC BY 4.0 or CC BY-NC 4.0.
package enum PolicyPreset: String, Sendable, CaseIterable {
    /// Licences without conditions on what is made with it but to name the author.
    case permissive
    /// Licences that the OSI approves, with those of copyleft, and dedications to the public domain.
    case osi
    /// Those, and Creative Commons' for works that may be changed and sold (`CC BY`, `CC BY-SA`), and for data.
    case ccBy = "cc-by"
    /// Those, and the licences of well-known open weights that allow to sell.
    case openWeights = "open-weights"
    /// Those, and licences that do not allow to sell.
    case nonCommercialOk = "non-commercial-ok"

    /// The licences, in the spelling of SPDX or of the Hub, lowercase; a name without a version stands for all.
    package var licenses: [String] {
        switch self {
        case .permissive: Self.permissiveNames
        case .osi: Self.permissiveNames + Self.copyleft
        case .ccBy: Self.osi.licenses + Self.creative
        case .openWeights: Self.ccBy.licenses + Self.weights
        case .nonCommercialOk: Self.openWeights.licenses + Self.unsold
        }
    }

    /// What it takes, for people.
    package var words: String {
        switch self {
        case .permissive: "licences such as apache-2.0, mit and bsd"
        case .osi: "licences that the OSI approves"
        case .ccBy: "licences that the OSI approves, cc-by and cc-by-sa"
        case .openWeights: "open licences, and those of open weights that allow to sell"
        case .nonCommercialOk: "open licences, and those for use that earns nothing"
        }
    }

    private static let permissiveNames = [
        "0bsd", "afl", "apache", "artistic-2.0", "blueoak-1.0.0", "bsd", "bsl-1.0", "cc0-1.0", "ecl-2.0",
        "isc", "mit", "mit-0", "ms-pl", "mulanpsl-2.0", "ncsa", "ofl-1.1", "pddl", "postgresql", "psf-2.0",
        "python-2.0", "unlicense", "upl-1.0", "zlib",
    ]
    private static let copyleft = [
        "agpl", "cecill-2.1", "epl", "eupl", "gpl", "lgpl", "lppl-1.3c", "ms-rl", "mpl", "osl",
    ]
    private static let creative = [
        "cc-by", "cc-by-sa", "cdla-permissive", "cdla-sharing", "etalab-2.0", "odbl", "odc-by",
    ]
    private static let weights = [
        "bigcode-openrail-m", "bigscience-bloom-rail-1.0", "bigscience-openrail-m", "creativeml-openrail-m",
        "deepseek", "falcon-llm-license", "gemma", "llama", "lfm1.0", "modified-mit",
        "nvidia-open-model-license", "openmdw-1.0", "openrail", "openrail++", "qwen", "tongyi-qianwen",
        "yi-license",
    ]
    private static let unsold = [
        "apple-amlr", "c-uda", "cc-by-nc", "cc-by-nc-sa", "deepfloyd-if-license",
        "fair-noncommercial-research-license", "flux-1-dev-non-commercial-license", "h-research",
        "hai-def", "intel-research", "mnpl", "mrl", "qwen-research", "stabilityai-ai-community",
    ]
}
