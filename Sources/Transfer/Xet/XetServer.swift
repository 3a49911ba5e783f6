import Formats
import Manifests
import Storage
import Synchronization
import Xet

/// The store of Xet, as far as a commit's contents are in it.
final class XetServer: Sendable {
    private let client: HubClient
    private let repository: HubRepository
    private let commit: String
    /// Until when the store is asked nothing, because it said so.
    private let gate = RequestGate()
    /// Held while a token is asked for, so that all threads wait for one.
    private let held = Mutex(Held())
    /// The newest form of answers that the store knows.
    private let version = Mutex(Reconstruction.Version.two)

    private struct Held {
        var token: XetToken?
        /// How many tokens there were.
        var count = 0
    }

    /// So many seconds before its end a token is not used any more, as in huggingface_hub 2.4.
    private static let margin = 60

    init(_ repository: HubRepository, commit: String, _ client: HubClient) {
        self.client = client
        self.repository = repository
        self.commit = commit
    }

    /// What a range of a file is made from.
    /// - Throws: ``NetworkError``, ``HubRefusal``, and ``TransferFailure`` where the store has a shorter file.
    func reconstruction(_ file: XetHash, _ range: Range<Int>, name: String) throws -> Reconstruction {
        while true {
            let (token, number) = try token()
            let version = version.withLock { $0 }
            try gate.wait(client.cancellation)
            var request = HTTPRequest()
            request.range = range
            request.accept = "application/json"
            request.authorization = token.authorization
            let response = try client.http.send(
                request, to: token.at("/v\(version.rawValue)/reconstructions/\(file)"))
            let host = token.address.host
            switch response.head.status {
            case 200, 206:
                let bytes = try response.body(limit: Reconstruction.sizeLimit)
                do throws(FormatError) {
                    return try Reconstruction(bytes, version)
                } catch {
                    throw NetworkError(.malformed, "what \(host) states of a file in Xet is wrong: \(error)")
                }
            case 404 where version == .two, 501 where version == .two:
                response.discard()
                self.version.withLock { $0 = .one }
            case 401, 403:
                // It has run out; the next try asks for another one.
                response.discard()
                held.withLock { if $0.count == number { $0.token = nil } }
                throw NetworkError(
                    .connection, "\(host) answered with status \(response.head.status)")
            case 416:
                throw TransferFailure(kind: .changed("\(host) has fewer bytes of it in Xet"), file: name)
            default: throw refusal(response, host)
            }
        }
    }

    /// Asks for a part of a xorb. The address is signed for exactly these bytes, and no token goes there.
    func part(_ part: Reconstruction.Part) throws(NetworkError) -> HTTPResponse {
        guard let address = WebAddress(part.url), address.isSecure || isOnLoopback(address) else {
            throw NetworkError(.malformed, "a part in Xet has no address that is safe", isPassing: false)
        }
        try gate.wait(client.cancellation)
        var request = HTTPRequest()
        request.range = part.bytes
        let response = try client.http.send(request, to: address)
        guard response.head.status == 206 else { throw refusal(response, address.host) }
        let stated = response.head["content-range"].flatMap { ContentRange($0) }
        guard stated?.range == part.bytes, response.length == nil || response.length == part.bytes.count
        else {
            throw NetworkError(.malformed, "\(address.host) sends another part than was asked for")
        }
        return response
    }

    /// A stand-in on this machine may do without TLS.
    private func isOnLoopback(_ address: WebAddress) -> Bool {
        address.isLoopback && client.endpoint.address.isLoopback
    }

    /// Why the store does not give what was asked for.
    private func refusal(_ response: HTTPResponse, _ host: String) -> NetworkError {
        let status = response.head.status
        response.discard()
        switch status {
        case 403, 408, 429, 500...599:
            // With 403 a signature has run out; the next try asks for new addresses.
            if let seconds = RateLimit.seconds(in: response.head) {
                gate.close(seconds: min(seconds, RetryPolicy.longestAsked))
            }
            return NetworkError(.connection, "\(host) answered with status \(status)")
        default:
            return NetworkError(.malformed, "\(host) answered with status \(status)", isPassing: false)
        }
    }

    /// A token that is valid, and which one it is.
    private func token() throws -> (XetToken, Int) {
        try held.withLock { held in
            let now = Int(currentTime() / 1_000_000_000)
            if let token = held.token, token.expires - XetServer.margin > now { return (token, held.count) }
            let token = try client.xetToken(repository, commit: commit)
            held.token = token
            held.count += 1
            return (token, held.count)
        }
    }
}

/// The stores of the commits that a download is of, so that the files of a commit share a token.
final class XetServers: Sendable {
    private let client: HubClient
    private let servers = Mutex<[ExactName: XetServer]>([:])

    init(_ client: HubClient) { self.client = client }

    /// Where a blob is asked for in Xet; `nil` for one that is not there, or that no SHA-256 proves.
    func source(of task: BlobTask) -> XetSource? {
        guard case .sha256 = task.identity.proof, let hash = task.xetHash.flatMap({ XetHash(text: $0) })
        else {
            return nil
        }
        let commit = task.first.commit
        let key = ExactName("\(task.repository.kind.rawValue)/\(task.repository.id)/\(commit)")
        let server = servers.withLock { servers in
            let server = servers[key] ?? XetServer(task.repository, commit: commit, client)
            servers[key] = server
            return server
        }
        return XetSource(server: server, hash: hash, name: task.name)
    }
}
