import Formats
import Manifests
import Storage

/// Asks the Hub, again where that may help. Every call holds its thread until the answer is there.
package final class HubClient: Sendable {
    /// Where the Hub is.
    package let endpoint: HubEndpoint
    /// The token, if there is one.
    package let token: HubToken?
    let http: HTTPClient
    let retry: RetryPolicy
    let cancellation: Cancellation
    /// Until when nothing is asked, because the Hub said so.
    let gate = RequestGate()

    /// The most bytes of one page of a listing, which has at most 1,000 files.
    private static let pageLimit = 1 << 26
    /// The most pages of a listing: the Hub takes no more than 100,000 files.
    private static let pages = 10_000
    /// How many redirects are followed.
    static let redirects = 8

    /// Puts a client together; nothing is asked yet.
    package init(
        endpoint: HubEndpoint, token: HubToken?, http: HTTPClient, retry: RetryPolicy,
        cancellation: Cancellation
    ) {
        self.endpoint = endpoint
        self.token = token
        self.http = http
        self.retry = retry
        self.cancellation = cancellation
    }

    /// The commit that a branch, a tag or a commit is now. A full commit is not asked for.
    /// - Throws: ``HubRefusal`` and ``NetworkError``.
    func commit(_ repository: HubRepository, revision: String) throws -> String {
        if GitBlobDigest(hex: revision) != nil { return revision }
        let (json, _) = try document(endpoint.revision(repository, revision))
        guard let commit = json["sha"]?.string, GitBlobDigest(hex: commit) != nil else {
            throw NetworkError(
                .malformed, "\(endpoint.address.host) states no commit for \(repository.id)", isPassing: false
            )
        }
        return commit
    }

    /// All files of a commit.
    /// - Throws: ``HubRefusal`` and ``NetworkError``.
    func listing(_ repository: HubRepository, commit: String) throws -> HubListing {
        var files: [HubFile] = []
        var next: WebAddress? = endpoint.tree(repository, commit: commit)
        var pages = 0
        while let address = next {
            pages += 1
            guard pages <= HubClient.pages else {
                throw NetworkError(
                    .malformed, "the list of files of \(repository.id) does not end", isPassing: false)
            }
            let (json, head) = try document(address)
            guard let entries = json.array else {
                throw NetworkError(
                    .malformed, "the list of files of \(repository.id) is none", isPassing: false)
            }
            for entry in entries where entry["type"]?.string != "directory" {
                guard let file = HubFile(entry) else {
                    throw NetworkError(
                        .malformed, "the list of files of \(repository.id) has an entry that is none",
                        isPassing: false)
                }
                files.append(file)
            }
            next = LinkHeader.next(head["link"] ?? "").flatMap { address.resolving($0) }
            if let next, !next.hasSameOrigin(as: endpoint.address) {
                throw NetworkError(
                    .malformed, "the list of files of \(repository.id) goes on at another host",
                    isPassing: false)
            }
        }
        return HubListing(repository: repository, commit: commit, files: files)
    }

    /// A JSON document of the Hub's interface, with redirects on the Hub followed.
    /// - Throws: ``HubRefusal`` and ``NetworkError``.
    func document(_ address: WebAddress) throws -> (JSON, ResponseHead) {
        var failures = 0
        while true {
            do {
                let response = try get(address)
                let head = response.head
                let bytes = try response.body(limit: HubClient.pageLimit)
                guard let json = try? JSON.parse(bytes) else {
                    throw NetworkError(.malformed, "\(address) is no JSON")
                }
                return (json, head)
            } catch let error as NetworkError where error.isPassing {
                failures += 1
                guard failures <= retry.retries else { throw error }
                try wait(after: failures)
            }
        }
    }

    /// Sends a GET to the Hub and follows redirects that stay there.
    private func get(_ first: WebAddress) throws -> HTTPResponse {
        var address = first
        for _ in 0...HubClient.redirects {
            try gate.wait(cancellation)
            var request = HTTPRequest()
            request.accept = "application/json"
            request.authorization = authorization(for: address)
            let response = try http.send(request, to: address)
            let head = response.head
            guard (300..<400).contains(head.status), let location = head["location"] else {
                try refuse(head, hasToken: request.authorization != nil)
                return response
            }
            response.discard()
            guard let target = address.resolving(location), target.hasSameOrigin(as: endpoint.address) else {
                throw NetworkError(.malformed, "\(address) leads to another host", isPassing: false)
            }
            address = target
        }
        throw NetworkError(.malformed, "\(first) leads in a circle", isPassing: false)
    }

    /// What is sent as `Authorization` to an address, if anything is.
    func authorization(for address: WebAddress) -> Secret? {
        endpoint.mayHaveToken(address) ? token?.authorization : nil
    }

    /// Ends the request where the answer is a refusal: one that may pass as ``NetworkError``, every other one as
    /// ``HubRefusal``.
    func refuse(_ head: ResponseHead, hasToken: Bool) throws {
        guard let refusal = HubRefusal.of(head, hasToken: hasToken) else {
            guard (200..<300).contains(head.status) else {
                throw NetworkError(.malformed, "\(endpoint.address.host) answered with status \(head.status)")
            }
            return
        }
        switch head.status {
        case 408, 429, 500...599:
            if let seconds = RateLimit.seconds(in: head) {
                guard seconds <= RetryPolicy.longestAsked else {
                    throw HubRefusal(kind: .limited(seconds: Int(seconds)))
                }
                gate.close(seconds: seconds)
            }
            throw NetworkError(.connection, "\(endpoint.address.host) answered with status \(head.status)")
        default: throw refusal
        }
    }

    /// Waits before something is tried again.
    func wait(after failures: Int) throws(NetworkError) {
        let seconds = retry.pause(after: failures, chance: Double.random(in: 0...1))
        try RequestGate.sleep(seconds: seconds, cancellation)
    }
}

/// The address of the next page, in the header `Link` (RFC 8288).
enum LinkHeader {
    /// The reference of `<…>; rel="next"`; `nil` if there is none.
    static func next(_ text: String) -> String? {
        var rest = Array(text.utf8)[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "<")),
            let end = rest[start...].firstIndex(of: UInt8(ascii: ">"))
        {
            let reference = rest[(start + 1)..<end]
            let after = rest[(end + 1)...]
            let next = after.firstIndex(of: UInt8(ascii: "<")) ?? after.endIndex
            let parameters = String(
                decoding: after[..<next].filter { $0 != 0x20 && $0 != 0x22 }, as: UTF8.self)
            if parameters.lowercased().containsUTF8(";rel=next") {
                return String(decoding: reference, as: UTF8.self)
            }
            rest = after[next...]
        }
        return nil
    }
}
