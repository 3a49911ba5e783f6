package import Formats

/// Where the marketplace has its knowledge from: the caches, the catalogue, and the services to search. Many threads call it
/// at once.
package protocol MarketSource: Sendable {
    /// Looks at everything that is there. What was read of a model before is not read again while its files are the same.
    /// - Parameters:
    ///   - known: what the last look found.
    ///   - found: receives each model; of one id the last counts.
    ///   - progress: receives how many were looked at, and of how many; states whether to go on.
    func read(
        _ known: [ExactName: MarketModel], _ found: (MarketModel) -> Void, progress: (Int, Int) -> Bool)

    /// Whether something of a model's id is there: by its name alone, without a look at all others.
    func has(_ id: String) -> Bool

    /// All that is known of a model.
    /// - Parameters:
    ///   - revision: one of its revisions; `nil` for that which the lists show.
    ///   - tensors: which tensors are listed, counted from 0.
    /// - Returns: `nil` where it is not there any more, or not in that revision.
    func details(_ model: MarketModel, revision: String?, tensors: Range<Int>) -> JSON?

    /// Searches a service.
    /// - Parameter isOwner: whether whoever asks may see what the credentials of this machine show.
    /// - Returns: what was found, or why nobody could be asked.
    func search(_ search: MarketSearch, on place: MarketSearch.Service, isOwner: Bool) -> MarketAnswer

    /// What is wrong in the caches, and what to do about it.
    func health() -> JSON
}

/// What is searched for.
package struct MarketSearch: Sendable {
    /// Whom to ask besides this machine.
    package enum Service: String, Sendable, CaseIterable {
        /// The Hugging Face Hub.
        case hub
        /// Kaggle.
        case kaggle
    }

    /// The words.
    package var words: [String] = []
    /// The task, the framework and the licence, where they are given.
    package var task: String?
    /// A framework or a format.
    package var framework: String?
    /// A licence.
    package var license: String?
    /// The most results, 1 to 100.
    package var limit = 20
}

/// What a search found.
package enum MarketAnswer: Sendable {
    /// The results.
    case found([JSON])
    /// It could not be searched, for this reason.
    case unreachable(String)
    /// It cannot be asked for that.
    case unsupported(String)
}
