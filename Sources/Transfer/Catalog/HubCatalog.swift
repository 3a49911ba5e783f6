import Formats
package import Manifests

/// Searches the Hub, and asks it about one repository.
package struct HubCatalog: Sendable {
    private let client: HubClient

    /// The most pages of results that are asked for.
    private static let pages = 20

    /// Puts a catalogue together; nothing is asked yet.
    package init(_ client: HubClient) { self.client = client }

    /// The filters that the Hub has nothing for.
    package static func unknown(_ query: CatalogQuery) -> [CatalogQuery.Filter] {
        HubSearchRequest.unknown(query)
    }

    /// What the Hub finds, in its order.
    ///
    /// - Returns: the results, and how many more had names that no repository has.
    /// - Throws: what the Hub refuses, and ``NetworkError``.
    package func search(_ query: CatalogQuery) throws -> (found: [FoundRepository], refused: Int) {
        var found: [FoundRepository] = []
        var refused = 0
        var next: WebAddress? = client.endpoint.interface(HubSearchRequest(query).path)
        var pages = 0
        while let address = next, found.count < query.limit, pages < HubCatalog.pages {
            pages += 1
            let (json, head) = try client.document(address, limit: CatalogQuery.pageBytes)
            guard let entries = json.array else {
                throw NetworkError(.malformed, "the answer to the search is no list", isPassing: false)
            }
            for entry in entries where found.count < query.limit {
                if let one = FoundRepository.hub(entry, query.kind) {
                    found.append(one)
                } else {
                    refused += 1
                }
            }
            next = LinkHeader.next(head["link"] ?? "").flatMap { address.resolving($0) }
            if let next, !next.hasSameOrigin(as: client.endpoint.address) {
                throw NetworkError(
                    .malformed, "the results of the search go on at another host", isPassing: false)
            }
        }
        return (found, refused)
    }

    /// What the Hub states of a revision.
    /// - Throws: what the Hub refuses, and ``NetworkError``.
    package func info(_ repository: HubRepository, revision: String) throws -> RepositoryInfo {
        let kind: CatalogQuery.Kind =
            switch repository.kind {
            case .dataset: .dataset
            case .space: .space
            case .model, .kernel: .model
            }
        let base = "\(repository.kind.rawValue)s/\(repository.id)/revision/\(WebAddress.segment(revision))"
        let security = repository.kind == .model ? "&securityStatus=true" : ""
        let (json, _) = try client.document(client.endpoint.interface("\(base)?blobs=true\(security)"))
        guard
            let info = RepositoryInfo.hub(
                json, kind, revision: revision, page: client.endpoint.page(repository))
        else {
            throw NetworkError(
                .malformed, "\(client.endpoint.address.host) states nothing of \(repository.id)",
                isPassing: false)
        }
        return info
    }

    /// The files of a commit.
    package func contents(_ repository: HubRepository, commit: String) -> RemoteContents {
        RemoteContents { [client] file in
            let address = client.endpoint.file(repository, commit: commit, path: file.path)
            return WebFile(
                HubPart(client: client, address: address), size: file.size ?? 0, name: file.path.text,
                client.requester)
        }
    }
}

/// A file of a commit of which only a part is asked for: what the Hub states of its content is not compared with anything.
private struct HubPart: WebFileRules {
    let client: HubClient
    let address: WebAddress

    var request: (HTTPRequest, WebAddress) { (HTTPRequest(), address) }

    func isOwn(_ address: WebAddress) -> Bool { address.hasSameOrigin(as: client.endpoint.address) }

    func authorization(for address: WebAddress) -> Secret? { client.authorization(for: address) }

    func check(_: ResponseHead, from _: WebAddress) {}

    func refusal(_ head: ResponseHead, isKnown: Bool) -> (any ServiceRefusal)? {
        HubRefusal(head, isKnown: isKnown)
    }
}
