package import Manifests

/// What a search found, or what a service states of one repository. Texts are single lines without control characters.
package struct FoundRepository: Equatable, Sendable {
    /// Whether somebody has to be let in first.
    package enum Access: String, Sendable {
        /// Everybody may load it.
        case open
        /// The terms have to be accepted, which lets in at once.
        case gated
        /// The terms have to be accepted, and the author has to agree.
        case manual
        /// Only some users may see it.
        case `private`
        /// Nobody stated it.
        case unknown
    }

    /// The source that a manifest would name it by; the revision is "main", or the newest version.
    package let source: Source
    /// What its author calls it, if that is more than its name.
    package var title: String?
    /// What it does, in the service's words: "text-generation".
    package var task: String?
    /// The library that it is made for.
    package var library: String?
    /// The framework, for a model of Kaggle.
    package var framework: String?
    /// The licence as it is stated.
    package var license: String?
    /// Who may load it.
    package var access = Access.unknown
    /// How often it was loaded: on the Hub in the last 30 days, on Kaggle ever.
    package var downloads: Int?
    /// How many people like it, or have voted for it.
    package var likes: Int?
    /// The number of parameters.
    package var parameters: Int?
    /// Its size in bytes: of all files, or of the weights alone where ``isWeightsOnly``.
    package var size: Int?
    /// Whether ``size`` is made from the number and the types of the weights.
    package var isWeightsOnly = false
    /// The day of the last change, "2026-11-29".
    package var updated: String?
    /// The commit that the default branch is at.
    package var commit: String?
    /// The tags, the service's own among them.
    package var tags: [String] = []
    /// What it was made from: "org/name", with the relation before a colon if that is stated ("quantized:org/name").
    package var baseModels: [String] = []

    /// Begins with the name alone.
    package init(_ source: Source) { self.source = source }

    /// The name as the service writes it: "org/name", or a handle without its version.
    package var name: String {
        switch source {
        case .hub(let repository, _): repository.id
        case .kaggle(let handle): handle.parts.joined(separator: "/")
        case .registry(let artifact): artifact.text
        case .path(let directory): directory
        }
    }
}
