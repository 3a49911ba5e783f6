import Caches
import Formats
package import Manifests
import Storage

/// The Hub, and a cache as huggingface_hub keeps it.
package struct HubService: FetchService {
    /// Asks the Hub.
    let client: HubClient
    /// The cache's directory as it was named.
    let cache: String
    /// The lists that were read last.
    let listings: HubListings
    private let environment: [String: String]
    private let mode: TransferMode

    /// - Parameters:
    ///   - cache: the cache's directory as it was named; an empty text is the current one.
    ///   - environment: states what of the cache is not to be used.
    ///   - mode: how contents are asked for.
    ///   - listings: the lists that are known, for several services that follow one another.
    package init(
        _ client: HubClient, cache: String, environment: [String: String], mode: TransferMode = .auto,
        listings: HubListings = HubListings()
    ) {
        self.client = client
        self.cache = cache
        self.environment = environment
        self.mode = mode
        self.listings = listings
    }

    /// What sentences call it.
    package var name: String { "the Hub" }

    /// What leads to it.
    package var addressVariable: String { "HF_ENDPOINT" }

    /// Whether a source is a repository.
    package func has(_ source: Source) -> Bool {
        if case .hub = source { true } else { false }
    }

    /// Asks for the commit and the list of its files, as far as a lock and the cache do not answer.
    package func plan(_ wish: FetchWish) throws -> FetchPlan {
        guard case .hub(let repository, let revision) = wish.source else {
            throw HubRefusal(kind: .repositoryNotFound)
        }
        let folder = HubCacheWriter(repository, cache: cache)
        let planning = HubPlanning(
            wish, repository, revision: revision, folder,
            SharedStore(cache: folder.root, environment: environment),
            client, mode)
        if let plan = planning.withoutAsking() { return plan }
        let commit = try planning.pin ?? client.commit(repository, revision: revision)
        return planning.plan(try listings.listing(repository, commit: commit, client))
    }

    /// The sentence for a refusal.
    package func finding(_ refusal: any ServiceRefusal, _ wish: FetchWish, file: String?) -> Diagnostic {
        guard let refusal = refusal as? HubRefusal, case .hub(let repository, let revision) = wish.source
        else {
            return Diagnostic(code: .failed, "\(wish.subject): \(refusal)", verdict: .undecided)
        }
        if case .hub(_, _, let commit) = wish.pin, refusal.kind == .revisionNotFound {
            return Diagnostic(
                code: .fetchRevisionNotFound,
                "\(wish.subject): \(repository.id) has no commit \(commit) any more, which the lock pins",
                fix:
                    "knapsack lock {manifest} --fetch --update \(wish.subject) takes what \(revision) is now",
                verdict: .undecided)
        }
        return refusal.finding(
            wish.subject, repository, revision: revision, endpoint: client.endpoint,
            token: client.token, file: file)
    }
}
