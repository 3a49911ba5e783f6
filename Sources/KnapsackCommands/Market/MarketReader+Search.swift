import ArgumentParser
import Formats
import Manifests
import Service
import Storage
import Transfer

extension MarketReader {
    /// Searches the Hub or Kaggle. One that does not answer is no error.
    func search(_ search: MarketSearch, on place: MarketSearch.Service, isOwner: Bool) -> MarketAnswer {
        var query = CatalogQuery()
        query.words = search.words
        query.task = search.task
        query.framework = search.framework
        query.license = search.license
        query.limit = search.limit
        switch place {
        case .hub:
            if let problem = SearchPlace.hub.problem(query) { return .unsupported(problem) }
            return asked { requester, session in
                var client = try HubConnection.client(requester, session)
                // What the token of this machine's owner shows is not for everybody who may read here.
                if !isOwner { client = HubClient(endpoint: client.endpoint, token: nil, requester) }
                do {
                    return try HubCatalog(client).search(query).found
                } catch {
                    throw CatalogFailure.finding(error, "search", hub: client, source: nil)
                }
            }
        case .kaggle:
            if let problem = SearchPlace.kaggle.problem(query) { return .unsupported(problem) }
            guard isOwner else {
                return .unsupported("Kaggle is searched for whoever may do all: a token of --admin")
            }
            return asked { requester, session in
                let client = try KaggleConnection.client(requester, session)
                do {
                    return try KaggleCatalog(client).search(query)
                } catch {
                    throw CatalogFailure.finding(error, "search", kaggle: client, handle: nil)
                }
            }
        }
    }

    /// What a service answers, each name with what of it is in the caches.
    private func asked(_ ask: (Requester, Session) throws -> [FoundRepository]) -> MarketAnswer {
        // Somebody waits in front of a page: one try, and not for long.
        let patience = Patience(RetryPolicy(retries: 0), Cancellation())
        let http = HTTPClient(
            environment: session.context.environment, userAgent: "knapsack/\(Knapsack.version)",
            silenceSeconds: 8, cancellation: patience.cancellation)
        do {
            // Notes on tokens are for whoever runs a command, not for the log of a server, with every search.
            let quiet = CommandContext(
                environment: session.context.environment, terminal: session.context.terminal,
                writeOutput: { _ in }, writeError: { _ in })
            let found = try ask(
                Requester(http, patience), Session(quiet, try OutputOptions.parse(["--quiet"])))
            let cache = CacheState(caches)
            return .found(
                found.map { one in
                    .object(
                        (SearchResults.json(one, cached: cache.json(one.source)).members ?? [])
                            + [JSON.Member("id", .string(MarketItem.id(one.source)))])
                })
        } catch let problem as Diagnostic {
            return .unreachable(MarketReader.sentence(problem))
        } catch let problems as Diagnostics {
            return .unreachable(problems.all.first.map(MarketReader.sentence) ?? "it cannot be asked")
        } catch {
            return .unreachable("\(error)")
        }
    }

    private static func sentence(_ problem: Diagnostic) -> String {
        let text =
            problem.message.hasUTF8Prefix("search: ") ? String(problem.message.dropFirst(8)) : problem.message
        return problem.fix.map { "\(text); \($0)" } ?? text
    }
}
