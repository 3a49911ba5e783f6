package import Formats

/// What a person asked for: the content of `NAME.toml`, checked. Only the parser makes one.
package struct Manifest: Equatable, Sendable {
    /// The manifest's path as the user named it.
    package let path: String
    /// The `[bundle]` table.
    package let bundle: BundleSettings
    /// The `[policy]` table; empty where the manifest has none.
    package var policy: Policy
    /// The entries in the manifest's order, all kinds together.
    package let entries: [Entry]
    /// The places of the keys of `[bundle]`; of the table itself under the empty name.
    var bundlePlaces: [ExactName: Diagnostic.Location] = [:]
    /// What was read of the bundles that it builds on, in the order of ``BundleSettings/bases``.
    package var bases: [ManifestBase] = []

    /// The same with other entries.
    package func with(entries: [Entry]) -> Manifest {
        var manifest = Manifest(path: path, bundle: bundle, policy: policy, entries: entries)
        manifest.bundlePlaces = bundlePlaces
        manifest.bases = bases
        return manifest
    }

    /// Where a key of `[bundle]` stands; the table where it does not have the key.
    package func bundleLocation(of key: String) -> Diagnostic.Location {
        bundlePlaces[key] ?? bundlePlaces[""] ?? Diagnostic.Location(file: path)
    }
}

/// The `[bundle]` table: what the bundle is called and how it is laid out.
package struct BundleSettings: Equatable, Sendable {
    /// How much equal content is stored once.
    package enum Deduplication: String, Sendable, CaseIterable {
        /// Every file is stored.
        case none
        /// Equal files are stored once.
        case file
        /// Equal files and equal tensors are stored once.
        case tensor
    }

    /// What a bundle becomes on Kaggle, with what only a model has.
    package struct Model: Equatable, Sendable {
        /// Kaggle's name for the framework, as in a handle: "transformers", "pyTorch".
        package let framework: String
        /// The name of the model's variation, which Kaggle's API calls instance.
        package let variation: String
        /// What it was made from: a handle of Kaggle without a version, or an address.
        package let base: String?
    }

    /// The Kaggle dataset's slug, or the model's.
    package let name: String
    /// The Kaggle account or organization that will own the dataset.
    package let owner: String?
    /// The title that Kaggle shows; the name where the manifest has none.
    package let title: String
    /// A line below the title.
    package let subtitle: String?
    /// One of Kaggle's names for licences of datasets, or for those of models.
    package let license: String
    /// Kaggle's tags.
    package let keywords: [String]
    /// How much equal content is stored once.
    package let deduplication: Deduplication
    /// What a Kaggle model needs besides; `nil` for a dataset.
    package var model: Model?
    /// The bundles that it builds on, as the manifest names them: locks, or data sets of Kaggle.
    package var bases: [String] = []
    /// The most bytes that fitted files without a budget of their own have together; `nil` where nothing is shared.
    package var fit: Int?

    /// Takes settings that were checked, as `[bundle]` states them.
    package init(
        name: String, owner: String?, title: String, subtitle: String?, license: String, keywords: [String],
        deduplication: Deduplication, model: Model? = nil
    ) {
        self.name = name
        self.owner = owner
        self.title = title
        self.subtitle = subtitle
        self.license = license
        self.keywords = keywords
        self.deduplication = deduplication
        self.model = model
    }
}

/// The `[policy]` table: the competition's rules.
package struct Policy: Equatable, Sendable {
    /// What the content of an entry must be proved by.
    package enum Proof: String, Sendable, CaseIterable {
        /// A digest that the cache knows.
        case required
        /// Knapsack's own digest is enough.
        case optional
    }

    /// Whether something is allowed.
    package enum Rule: String, Sendable, CaseIterable {
        /// It is an error.
        case deny
        /// It is none.
        case allow
    }

    /// What is done about pickles, which can execute any code when they are loaded.
    package enum Pickle: String, Sendable, CaseIterable {
        /// No file may hold one.
        case deny
        /// Those are taken that do nothing but build data.
        case scan
        /// All are taken.
        case allow
    }

    /// The preset that ``licenses`` begins with, behind the manifest's own.
    package internal(set) var preset: PolicyPreset?
    /// The licences that entries may have, lowercase: the manifest's own, and behind them the preset's; `nil` where the
    /// manifest states neither.
    package internal(set) var licenses: [String]?
    /// How many of ``licenses`` the manifest itself lists.
    package internal(set) var ownLicenseCount = 0
    /// The greatest rank of a LoRA adapter's matrices.
    package internal(set) var maximumAdapterRank: Int?
    /// The models that adapters may be for; `nil` where the manifest does not say.
    package internal(set) var adapterBases: [String]?
    /// The modules that adapters may change; `nil` where the manifest does not say.
    package internal(set) var adapterTargets: [String]?
    /// The day before which models and data sets must have been released.
    package internal(set) var releasedBefore: CalendarDate?
    /// The revisions that models may come from; `nil` where the manifest does not say.
    package var allowedRevisions: [AllowedRevision]?
    /// The path of the file with ``allowedRevisions``, relative to the manifest, as long as it was not read.
    package var allowedRevisionsPath: String?
    /// Whether models may bring Python code along; `nil` where the manifest does not say.
    package internal(set) var remoteCode: Rule?
    /// Whether chat templates may reach out of their sandbox; `nil` where the manifest does not say, which denies it.
    package internal(set) var unsafeTemplates: Rule?
    /// The most bytes that the bundle may hold.
    package internal(set) var maximumSize: Int?
    /// The most bytes that the files of one entry may have.
    package internal(set) var maximumEntrySize: Int?
    /// What the content must be proved by; `nil` where the manifest does not say.
    package internal(set) var proof: Proof?
    /// What is done about pickles; denied where the manifest does not say.
    package internal(set) var pickle = Pickle.deny
    /// The `[policy]` table's place, for findings.
    package internal(set) var location: Diagnostic.Location?
    /// What the notebook will run on; `nil` where the manifest does not say.
    package internal(set) var accelerator: Accelerator?
    /// The places of the table's keys, and of the elements of `licenses` as "licenses.0".
    package var places: [ExactName: Diagnostic.Location] = [:]

    /// The licences that are allowed, in words.
    package var allowedLicenses: String {
        let own = (licenses ?? []).prefix(ownLicenseCount).joined(separator: ", ")
        guard let preset else { return "allowed: \(own)" }
        return "allowed: \(preset.words) (preset \"\(preset.rawValue)\")"
            + (own.isEmpty ? "" : ", and \(own)")
    }

    /// No rules.
    package static let none = Policy()

    /// Where a key of the table stands; the table where it does not have the key.
    package func location(of key: String) -> Diagnostic.Location? { places[key] ?? location }
}

/// One `[[model]]`, `[[dataset]]`, `[[wheels]]` or `[[files]]`.
package struct Entry: Equatable, Sendable {
    /// What an entry is; the raw value is its table's name.
    package enum Kind: String, Sendable, CaseIterable {
        /// A model.
        case model
        /// A data set.
        case dataset
        /// A directory of Python wheels.
        case wheels
        /// Any files.
        case files

        /// The bundle's top-level folder for entries of this kind.
        package var folder: RelativePath {
            switch self {
            case .model: "models"
            case .dataset: "datasets"
            case .wheels: "wheels"
            case .files: "files"
            }
        }
    }

    /// Where an entry's files come from.
    package enum Content: Equatable, Sendable {
        /// A cache or a directory.
        case source(Source)
        /// Another entry of the manifest, whose files are converted.
        case conversion(ConversionRequest)
    }

    /// The entry's name, unique in the manifest.
    package let name: String
    /// What it is.
    package let kind: Kind
    /// Where its files come from.
    package let content: Content
    /// Which files to take, as huggingface_hub's `allow_patterns`; `nil` takes all.
    package let include: [String]?
    /// Which files to leave out, as huggingface_hub's `ignore_patterns`.
    package let exclude: [String]
    /// The licence where the cache does not say it.
    package let license: String?
    /// Codes of findings that the author accepts for this entry.
    package let allow: [FindingCode]
    /// The place of the entry's table header in the manifest.
    package let location: Diagnostic.Location
    /// The day on which it was released, as the author states.
    package internal(set) var released: CalendarDate?
    /// The most bytes that its files may have.
    package internal(set) var maximumSize: Int?
    /// What this entry is meant for, where that is not what the policy states.
    package internal(set) var accelerator: Accelerator?
    /// Whether its files are stored in the bundle; otherwise it is only locked, proved and converted from.
    package internal(set) var isPacked = true
    /// What an entry of wheels states of the notebook; the defaults for every other one.
    package var wheels = WheelSettings()

    /// The cache's content or the directory that it is; `nil` where it is made from another entry.
    package var source: Source? {
        if case .source(let source) = content { source } else { nil }
    }

    /// What it is made from; `nil` where its files come from a cache or a directory.
    package var conversion: ConversionRequest? {
        if case .conversion(let request) = content { request } else { nil }
    }
}
