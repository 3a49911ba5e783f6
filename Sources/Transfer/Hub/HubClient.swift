import Formats
import Manifests
import Storage

/// Asks the Hub, again where that may help. Every call holds its thread until the answer is there.
package final class HubClient: Sendable {
    /// Where the Hub is.
    package let endpoint: HubEndpoint
    /// The token, if there is one.
    package let token: HubToken?
    /// Sends requests and repeats them.
    let requester: Requester

    /// The most bytes of one page of a listing, which has at most 1,000 files.
    static let pageLimit = 1 << 26
    /// The most pages of a listing, and the most files: the Hub advises to have no more than 100,000 of them.
    private static let pages = 10_000
    private static let files = 300_000

    /// Puts a client together; nothing is asked yet.
    package init(endpoint: HubEndpoint, token: HubToken?, _ requester: Requester) {
        self.endpoint = endpoint
        self.token = token
        self.requester = requester
    }

    /// The commit that a branch, a tag or a commit is now. A full commit is not asked for.
    /// - Throws: ``HubRefusal`` and ``NetworkError``.
    func commit(_ repository: HubRepository, revision: String) throws -> String {
        if GitBlobDigest(hex: revision) != nil { return revision }
        let (json, _) = try document(endpoint.revision(repository, revision))
        guard let commit = json["sha"]?.string, GitBlobDigest(hex: commit) != nil else {
            throw senseless("\(endpoint.address.host) states no commit for \(repository.id)")
        }
        return commit
    }

    /// All files of a commit.
    /// - Throws: ``HubRefusal`` and ``NetworkError``.
    func listing(_ repository: HubRepository, commit: String) throws -> HubListing {
        var files: [HubFile] = []
        var next: WebAddress? = endpoint.tree(repository, commit: commit)
        var asked: Set<ExactName> = []
        while let address = next {
            guard asked.insert(ExactName(address.target)).inserted, asked.count <= HubClient.pages,
                files.count <= HubClient.files
            else { throw senseless("the list of files of \(repository.id) does not end") }
            let (json, head) = try document(address)
            guard let entries = json.array else {
                throw senseless("the list of files of \(repository.id) is none")
            }
            for entry in entries where entry["type"]?.string != "directory" {
                guard let file = HubFile(entry) else {
                    throw senseless("the list of files of \(repository.id) has an entry that is none")
                }
                files.append(file)
            }
            next = LinkHeader.next(head["link"] ?? "").flatMap { address.resolving($0) }
            if let next, !next.hasSameOrigin(as: endpoint.address) {
                throw senseless("the list of files of \(repository.id) goes on at another host")
            }
        }
        return HubListing(repository: repository, commit: commit, files: files)
    }

    /// A JSON document of the Hub's interface, with redirects on the Hub followed.
    /// - Parameter limit: the most bytes that it may have.
    /// - Throws: ``HubRefusal`` and ``NetworkError``.
    func document(_ address: WebAddress, limit: Int = pageLimit) throws -> (JSON, ResponseHead) {
        try requester.patience.again {
            let response = try get(address)
            let bytes = try response.body(limit: limit)
            guard let json = try? JSON.parse(bytes) else {
                throw NetworkError(.malformed, "\(address) is no JSON")
            }
            return (json, response.head)
        }
    }

    /// Sends a GET to the Hub and follows redirects that stay there.
    private func get(_ first: WebAddress) throws -> HTTPResponse {
        var address = first
        for _ in 0...Requester.redirects {
            var request = HTTPRequest()
            request.accept = "application/json"
            request.authorization = authorization(for: address)
            let response = try requester.send(request, to: address)
            let head = response.head
            guard (300..<400).contains(head.status), let location = head["location"] else {
                try refuse(head, isKnown: request.authorization != nil)
                return response
            }
            response.discard()
            guard let target = address.resolving(location), target.hasSameOrigin(as: endpoint.address) else {
                throw senseless("\(address) leads to another host")
            }
            address = target
        }
        throw senseless("\(first) leads in a circle")
    }

    /// What is sent as `Authorization` to an address, if anything is.
    func authorization(for address: WebAddress) -> Secret? {
        endpoint.mayHaveToken(address) ? token?.authorization : nil
    }

    private func refuse(_ head: ResponseHead, isKnown: Bool) throws {
        if (200..<300).contains(head.status) { return }
        if let refusal = HubRefusal(head, isKnown: isKnown) { throw refusal }
        try requester.refusePassing(head, endpoint.address.host)
        throw NetworkError(.malformed, "\(endpoint.address.host) answered with status \(head.status)")
    }

    private func senseless(_ what: String) -> NetworkError {
        NetworkError(.malformed, what, isPassing: false)
    }
}
