/// Where the files of an entry come from: the parsed form of `source = "…"`.
package enum Source: Equatable, Hashable, Sendable {
    /// A repository of the Hugging Face Hub, out of its cache.
    case hub(HubRepository, revision: String)
    /// A model or data set of Kaggle, out of the kagglehub cache.
    case kaggle(KaggleHandle)
    /// What an OCI registry has, out of Knapsack's own store.
    case registry(RegistrySource)
    /// A directory, relative to the manifest's or absolute.
    case path(String)
}

/// A repository of the Hugging Face Hub.
package struct HubRepository: Equatable, Hashable, Sendable {
    /// The kinds of repositories; the raw value is the Hub's name for it.
    package enum Kind: String, Sendable, CaseIterable {
        /// Under `models--` in the cache.
        case model
        /// Under `datasets--` in the cache.
        case dataset
        /// Under `spaces--` in the cache.
        case space
        /// Under `kernels--` in the cache.
        case kernel
    }

    /// The kind.
    package let kind: Kind
    /// "organization/name", or a legacy "name".
    package let id: String

    /// Takes an id that ``problem(inID:)`` has nothing against.
    package init(kind: Kind, id: String) {
        self.kind = kind
        self.id = id
    }
}

/// A handle as kagglehub takes it.
package struct KaggleHandle: Equatable, Hashable, Sendable {
    /// What the handle names; the raw value is kagglehub's folder without its "s".
    package enum Kind: String, Sendable, CaseIterable {
        /// owner/model/framework/variation
        case model
        /// owner/slug
        case dataset
        /// A competition's data: slug, which has no versions
        case competition
        /// A notebook's output: owner/slug
        case notebook
    }

    /// What it names.
    package let kind: Kind
    /// The parts without the version: four for a model, two for a data set or a notebook, one for a competition.
    package let parts: [String]
    /// The version, or `nil` for the newest complete one in the cache; always `nil` for a competition.
    package let version: Int?

    /// Takes parts that were checked; without a version it is the newest one that a cache has.
    package init(kind: Kind, parts: [String], version: Int?) {
        self.kind = kind
        self.parts = parts
        self.version = version
    }
}
