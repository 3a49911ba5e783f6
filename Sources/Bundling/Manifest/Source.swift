/// Where the files of an entry come from: the parsed form of `source = "…"`.
public enum Source: Equatable, Hashable, Sendable {
    /// A repository of the Hugging Face Hub, out of its cache.
    case hub(HubRepository, revision: String)
    /// A model or data set of Kaggle, out of the kagglehub cache.
    case kaggle(KaggleHandle)
    /// A directory, relative to the manifest's or absolute.
    case path(String)
}

/// A repository of the Hugging Face Hub.
public struct HubRepository: Equatable, Hashable, Sendable {
    /// The kinds of repositories; the raw value is the Hub's name for it.
    public enum Kind: String, Sendable, CaseIterable {
        /// Under `models--` in the cache.
        case model
        /// Under `datasets--` in the cache.
        case dataset
        /// Under `spaces--` in the cache.
        case space
    }

    /// The kind.
    public let kind: Kind
    /// "organization/name", or a legacy "name".
    public let id: String
}

/// A handle as kagglehub takes it.
public struct KaggleHandle: Equatable, Hashable, Sendable {
    /// What the handle names; the raw value is kagglehub's folder without its "s".
    public enum Kind: String, Sendable, CaseIterable {
        /// owner/model/framework/variation
        case model
        /// owner/slug
        case dataset
    }

    /// What it names.
    public let kind: Kind
    /// The parts without the version: four for a model, two for a data set.
    public let parts: [String]
    /// The version, or `nil` for the newest complete one in the cache.
    public let version: Int?
}
