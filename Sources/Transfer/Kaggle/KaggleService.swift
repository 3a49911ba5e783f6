import Formats
package import Manifests

/// Kaggle, and a cache as kagglehub keeps it.
package struct KaggleService: FetchService {
    /// Asks Kaggle.
    let client: KaggleClient
    /// The cache's directory as it was named.
    let cache: String

    /// - Parameter cache: the cache's directory as it was named; an empty text is the current one.
    package init(_ client: KaggleClient, cache: String) {
        self.client = client
        self.cache = cache
    }

    /// What sentences call it.
    package var name: String { "Kaggle" }

    /// What leads to it.
    package var addressVariable: String { "KAGGLE_API_ENVIRONMENT" }

    /// Whether a source is a model, a data set, a competition or a notebook of Kaggle.
    package func has(_ source: Source) -> Bool {
        if case .kaggle = source { true } else { false }
    }

    /// Asks for the version and the list of its files, as far as a lock and the cache do not answer.
    package func plan(_ wish: FetchWish) throws -> FetchPlan {
        guard case .kaggle(let asked) = wish.source else { throw KaggleRefusal(.notFound) }
        var wanted = asked
        if case .kaggle(let pinned) = wish.pin { wanted = pinned }
        if let plan = KagglePlanning(wish, wanted, cache: cache, client).withoutAsking() { return plan }
        do {
            let handle = try client.versioned(wanted)
            let planning = KagglePlanning(wish, handle, cache: cache, client)
            guard let files = try client.files(handle) else { return try planning.unlisted() }
            return try planning.plan(files)
        } catch let refusal as KaggleRefusal {
            throw client.refined(refusal, wanted)
        }
    }

    /// The sentence for a refusal.
    package func finding(_ refusal: any ServiceRefusal, _ wish: FetchWish, file: String?) -> Diagnostic {
        guard let refusal = refusal as? KaggleRefusal, case .kaggle(let asked) = wish.source else {
            return Diagnostic(code: .failed, "\(wish.subject): \(refusal)", verdict: .undecided)
        }
        var handle = asked
        if case .kaggle(let pinned) = wish.pin { handle = pinned }
        return refusal.finding(
            wish.subject, handle, endpoint: client.endpoint, credentials: client.credentials, file: file)
    }
}
