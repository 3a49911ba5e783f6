/// What a person asked for: the content of `NAME.toml`, checked. Only the parser makes one.
public struct Manifest: Equatable, Sendable {
    /// The manifest's path as the user named it.
    public let path: String
    /// The `[bundle]` table.
    public let bundle: BundleSettings
    /// The `[policy]` table; empty where the manifest has none.
    public let policy: Policy
    /// The entries in the manifest's order, all kinds together.
    public let entries: [Entry]
}

/// The `[bundle]` table: what the bundle is called and how it is laid out.
public struct BundleSettings: Equatable, Sendable {
    /// How much equal content is stored once.
    public enum Deduplication: String, Sendable, CaseIterable {
        /// Every file is stored.
        case none
        /// Equal files are stored once.
        case file
        /// Equal files and equal tensors are stored once.
        case tensor
    }

    /// The Kaggle dataset's slug.
    public let name: String
    /// The Kaggle account or organization that will own the dataset.
    public let owner: String?
    /// The title that Kaggle shows; the name where the manifest has none.
    public let title: String
    /// A line below the title.
    public let subtitle: String?
    /// One of Kaggle's names for dataset licences.
    public let license: String
    /// Kaggle's tags.
    public let keywords: [String]
    /// How much equal content is stored once.
    public let deduplication: Deduplication
}

/// The `[policy]` table: the competition's rules.
public struct Policy: Equatable, Sendable {
    /// What the content of an entry must be proved by.
    public enum Proof: String, Sendable, CaseIterable {
        /// A digest that the cache knows.
        case required
        /// Knapsack's own digest is enough.
        case optional
    }

    /// What is done about pickles, which can execute any code when they are loaded.
    public enum Pickle: String, Sendable, CaseIterable {
        /// No file may hold one.
        case deny
        /// Those are taken that do nothing but build data.
        case scan
        /// All are taken.
        case allow
    }

    /// The licences that entries may have, lowercase; `nil` where the manifest does not say.
    public let licenses: [String]?
    /// The most bytes that the bundle may hold.
    public let maximumSize: Int?
    /// What the content must be proved by; `nil` where the manifest does not say.
    public let proof: Proof?
    /// What is done about pickles; denied where the manifest does not say.
    public let pickle: Pickle
    /// The `[policy]` table's place, for findings.
    public let location: Diagnostic.Location?

    /// No rules.
    static let none = Policy(licenses: nil, maximumSize: nil, proof: nil, pickle: .deny, location: nil)
}

/// One `[[model]]`, `[[dataset]]`, `[[wheels]]` or `[[files]]`.
public struct Entry: Equatable, Sendable {
    /// What an entry is; the raw value is its table's name.
    public enum Kind: String, Sendable, CaseIterable {
        /// A model.
        case model
        /// A data set.
        case dataset
        /// A directory of Python wheels.
        case wheels
        /// Any files.
        case files

        /// The bundle's top-level folder for entries of this kind.
        public var folder: String {
            switch self {
            case .model: "models"
            case .dataset: "datasets"
            case .wheels: "wheels"
            case .files: "files"
            }
        }
    }

    /// Where an entry's files come from.
    public enum Content: Equatable, Sendable {
        /// A cache or a directory.
        case source(Source)
        /// Another entry of the manifest, whose files are converted.
        case conversion(ConversionRequest)
    }

    /// The entry's name, unique in the manifest.
    public let name: String
    /// What it is.
    public let kind: Kind
    /// Where its files come from.
    public let content: Content
    /// Which files to take, as huggingface_hub's `allow_patterns`; `nil` takes all.
    public let include: [String]?
    /// Which files to leave out, as huggingface_hub's `ignore_patterns`.
    public let exclude: [String]
    /// The licence where the cache does not say it.
    public let license: String?
    /// Codes of findings that the author accepts for this entry.
    public let allow: [String]
    /// The place of the entry's table header in the manifest.
    public let location: Diagnostic.Location

    /// The cache's content or the directory that it is; `nil` where it is made out of another entry.
    public var source: Source? {
        if case .source(let source) = content { source } else { nil }
    }

    /// What it is made out of; `nil` where its files come from a cache or a directory.
    public var conversion: ConversionRequest? {
        if case .conversion(let request) = content { request } else { nil }
    }
}
