import ArgumentParser
import Caches
import Formats
import Manifests
import Storage
import Transfer

/// How commands load from the network, for those that may.
struct TransferOptions: ParsableArguments {
    /// The most connections at once, 1 to 256.
    @Option(
        help: ArgumentHelp("How many connections are open at once.", valueName: "number"))
    var connections = 16

    /// The most bytes a second, as a size; nil is no bound.
    @Option(
        help: ArgumentHelp("Transfer at most so much a second, such as 10MB.", valueName: "size"))
    var bandwidth: String?

    /// How often a request is repeated without progress, 0 to 100.
    @Option(
        help: ArgumentHelp(
            "How often something that fails is tried again without any progress.", valueName: "number"))
    var retries = 6

    /// By which way contents come that are in Xet, too.
    @Option(
        help: ArgumentHelp(
            "auto: over HTTP, and in Xet what HTTP does not give; http: never in Xet; xet: in Xet what is there.",
            valueName: "auto|http|xet"))
    var transfer = TransferMode.auto

    /// Refuses numbers out of their bounds and texts that are no size; exit code 2.
    mutating func validate() throws {
        guard (1...256).contains(connections) else { throw ValidationError("--connections takes 1 to 256") }
        guard (0...100).contains(retries) else { throw ValidationError("--retries takes 0 to 100") }
        if let bandwidth, ByteSize.parse(bandwidth) == nil {
            throw ValidationError("--bandwidth takes a size, such as 500kB, 10MB or 1.5MiB")
        }
    }

    /// At most so many bytes a second.
    var bytesPerSecond: Int? { bandwidth.flatMap { ByteSize.parse($0) } }
}

extension TransferMode: ExpressibleByArgument {}

extension TransferOptions {
    /// How a bundle is sent.
    ///
    /// - Parameters:
    ///   - piece: the bytes of one request.
    ///   - message: what the version, or the commit, is said to be.
    /// - Throws: where there is no place for the journal.
    func upload(piece: Int, message: String, _ session: Session) throws -> UploadSettings {
        guard let directory = session.context.cacheDirectory else {
            throw Diagnostics(
                Diagnostic(
                    code: .noHome, "there is no place for the journal of what is sent",
                    fix: "set KNAPSACK_CACHE_DIR", verdict: .undecided))
        }
        return UploadSettings(
            connections: connections, throttle: Throttle(bytesPerSecond: bytesPerSecond), piece: piece,
            message: message, directory: directory, progress: session.progress,
            notify: { session.say($0) })
    }

    /// What sends requests to one service.
    func requester(_ session: Session) -> Requester {
        let (http, patience) = client(session)
        return Requester(http, patience)
    }

    private func client(_ session: Session) -> (HTTPClient, Patience) {
        let environment = session.context.environment
        let patience = Patience(RetryPolicy(retries: retries), Cancellation())
        let seconds = environment["HF_HUB_DOWNLOAD_TIMEOUT"].flatMap { Double($0) } ?? 30
        let http = HTTPClient(
            environment: environment, userAgent: "knapsack/\(Knapsack.version)",
            silenceSeconds: min(max(seconds, 0.1), 3600), cancellation: patience.cancellation)
        return (http, patience)
    }

    /// What fetches from all services; nothing is asked yet.
    /// - Parameters:
    ///   - wishes: only services that one of them is of are put together.
    ///   - plainHTTP: whether registries speak HTTP without TLS.
    ///   - isKnown: whether the Hub and Kaggle are asked with the user's tokens.
    /// - Throws: where a variable or a credential cannot mean anything.
    func fetch(
        _ wishes: [FetchWish], _ caches: Caches, plainHTTP: Bool, isKnown: Bool, _ session: Session
    ) throws -> Fetch {
        let environment = session.context.environment
        let (http, patience) = client(session)
        var services: [any FetchService] = []
        if wishes.contains(where: { $0.source.isOnHub }) {
            let client = try HubConnection.client(Requester(http, patience), session, isKnown: isKnown)
            services.append(
                HubService(client, cache: caches.hub.root, environment: environment, mode: transfer))
        }
        if wishes.contains(where: { $0.source.isOnKaggle }) {
            let client = try KaggleConnection.client(Requester(http, patience), session, isKnown: isKnown)
            services.append(KaggleService(client, cache: caches.kagglehub.root))
        }
        if wishes.contains(where: { $0.source.isInRegistry }) {
            guard let store = caches.registries else {
                throw Diagnostics(
                    Diagnostic(
                        code: .noHome, "there is no place for what is fetched from a registry",
                        fix: "set HOME or KNAPSACK_CACHE_DIR", verdict: .undecided))
            }
            let requester = Requester(http, patience)
            services.append(
                RegistryService(store) { reference in
                    try RegistryOptions.client(
                        reference, requester, plainHTTP: plainHTTP, environment: environment)
                })
        }
        return Fetch(services, patience: patience)
    }
}

/// How the Hub is asked, by the variables that huggingface_hub reads.
enum HubConnection {
    /// Puts a client together; nothing is asked yet.
    /// - Parameter isKnown: whether the user's token is used.
    /// - Throws: where a variable or the token's file cannot mean anything.
    static func client(_ requester: Requester, _ session: Session, isKnown: Bool = true) throws -> HubClient {
        let environment = session.context.environment
        if let variable = offlineVariable(environment) {
            throw Diagnostics(
                Diagnostic(
                    code: .usage, "\(variable) is set, which forbids to ask the Hub",
                    fix: "unset \(variable) for this command", verdict: .undecided))
        }
        guard let endpoint = HubEndpoint(environment: environment) else {
            throw Diagnostics(
                Diagnostic(
                    code: .usage, "HF_ENDPOINT is no address",
                    fix: "set it to one such as https://huggingface.co, or unset it", verdict: .undecided))
        }
        let token = isKnown ? try token(environment) : nil
        if token != nil, !endpoint.address.isSecure, !endpoint.address.isLoopback {
            session.report([
                Diagnostic(
                    code: .fetchTokenWithheld,
                    "the token is not sent to \(endpoint.address.origin), because others could read it on the way",
                    fix: "use https:// in HF_ENDPOINT")
            ])
        }
        if let token, token.isOver {
            session.report([
                Diagnostic(
                    .warning, code: .fetchTokenWrong, "the token in \(token.place) has run out",
                    fix: "run hf auth whoami, which renews it where that is possible, or hf auth login")
            ])
        }
        return HubClient(endpoint: endpoint, token: token, requester)
    }

    /// The variable that forbids to ask the Hub (huggingface_hub 2.4, `constants.py`), if one does.
    static func offlineVariable(_ environment: [String: String]) -> String? {
        ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"].first { name in
            let value = environment[name]?.lowercased() ?? ""
            return ["1", "on", "yes", "true"].contains { value.hasSameBytes(as: $0) }
        }
    }

    private static func token(_ environment: [String: String]) throws -> HubToken? {
        do throws(HubToken.Unusable) {
            return try HubToken.find(environment: environment)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .fetchTokenWrong, error.reason, fix: "run hf auth login, or set HF_TOKEN",
                    verdict: .undecided))
        }
    }
}
