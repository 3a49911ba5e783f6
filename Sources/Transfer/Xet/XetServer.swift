import Formats
import Manifests
import Storage
import Synchronization
import Xet

/// The store of Xet, as far as a commit's contents are in it.
final class XetServer: Sendable {
    /// Sends requests, to the Hub and to the store.
    let requester: Requester
    private let client: HubClient
    private let repository: HubRepository
    private let commit: String
    /// Held while a token is asked for, so that all threads wait for one.
    private let held = Mutex(Held())
    /// The newest form of answers that the store knows.
    private let version = Mutex(Reconstruction.Version.two)

    /// For what comes before its turn, of all files.
    let budget = XetServer.budget
    private static let budget = MemoryBudget(4 * XetFile.longest)
    /// For answers that are being read and parsed.
    private static let answers = MemoryBudget(4 * Reconstruction.sizeLimit)

    /// Held while an answer is parsed, which takes many times its size: by one thread of all, whatever a server sends.
    private static let parsing = Mutex(())

    private struct Held {
        var token: XetToken?
        /// How many tokens there were.
        var count = 0
    }

    /// So many seconds before its end a token is not used any more, as in huggingface_hub 2.4.
    private static let margin = 60

    /// Nothing is asked yet.
    init(_ repository: HubRepository, commit: String, _ client: HubClient) {
        self.client = client
        requester = client.requester
        self.repository = repository
        self.commit = commit
    }

    /// What a range of a file is made from.
    /// - Throws: ``NetworkError``, ``HubRefusal``, and ``TransferFailure`` where the store has a shorter file.
    func reconstruction(_ file: XetHash, _ range: Range<Int>, name: String) throws -> Reconstruction {
        while true {
            let (token, number) = try token()
            let version = version.withLock { $0 }
            var request = HTTPRequest()
            request.range = range
            request.accept = "application/json"
            request.authorization = token.authorization
            let response = try requester.send(
                request, to: token.at("/v\(version.rawValue)/reconstructions/\(file)"))
            let host = token.address.host
            switch response.head.status {
            case 200, 206:
                return try read(response, version, host)
            case 404 where version == .two, 501 where version == .two:
                response.discard()
                self.version.withLock { $0 = .one }
            case 401, 403:
                // It has run out; the next try asks for another one.
                drop(number)
                throw passing(response, host)
            case 416: throw TransferFailure(.changed("\(host) has fewer bytes of it in Xet"), file: name)
            default: try refuse(response, host)
            }
        }
    }

    private func read(
        _ response: HTTPResponse, _ version: Reconstruction.Version, _ host: String
    ) throws(NetworkError) -> Reconstruction {
        do throws(NetworkError) {
            try XetServer.answers.take(Reconstruction.sizeLimit, requester.patience.cancellation)
            defer { XetServer.answers.giveBack(Reconstruction.sizeLimit) }
            let bytes = try response.body(limit: Reconstruction.sizeLimit)
            do throws(FormatError) {
                return try XetServer.parsing.withLock { _ throws(FormatError) in
                    try Reconstruction(bytes, version)
                }
            } catch {
                throw NetworkError(.malformed, "\(error)")
            }
        } catch {
            guard error.kind == .malformed else { throw error }
            throw NetworkError(
                .malformed, "what \(host) states of a file in Xet is wrong: \(error)",
                isPassing: error.isPassing)
        }
    }

    /// Asks for a part of a xorb. The address is signed for exactly these bytes, and no token goes there.
    func part(_ part: Reconstruction.Part) throws(NetworkError) -> HTTPResponse {
        guard let address = WebAddress(part.url), address.isSecure || isOnLoopback(address) else {
            throw NetworkError(.malformed, "a part in Xet has no address that is safe", isPassing: false)
        }
        var request = HTTPRequest()
        request.range = part.bytes
        let response = try requester.send(request, to: address)
        // With 403 a signature has run out; the next try asks for new addresses.
        if response.head.status == 403 { throw passing(response, address.host) }
        guard response.head.status == 206 else { try refuse(response, address.host) }
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

    private func passing(_ response: HTTPResponse, _ host: String) -> NetworkError {
        response.discard()
        return NetworkError(.connection, "\(host) answered with status \(response.head.status)")
    }

    private func refuse(_ response: HTTPResponse, _ host: String) throws(NetworkError) -> Never {
        response.discard()
        try requester.refusePassing(response.head, host)
        throw NetworkError(
            .malformed, "\(host) answered with status \(response.head.status)", isPassing: false)
    }

    /// Forgets a token, unless there is another one by now.
    private func drop(_ number: Int) {
        held.withLock { held in
            guard held.count == number else { return }
            held.token = nil
        }
    }

    /// A token that is valid, and which one it is.
    private func token() throws -> (XetToken, Int) {
        try held.withLock { held in
            let now = Int(currentTime() / 1_000_000_000)
            if let token = held.token, token.expires > now + XetServer.margin { return (token, held.count) }
            let token = try client.xetToken(repository, commit: commit)
            held.token = token
            held.count += 1
            return (token, held.count)
        }
    }
}
