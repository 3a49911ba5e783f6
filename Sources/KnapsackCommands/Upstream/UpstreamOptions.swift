import ArgumentParser
import Caches
import Formats
import Manifests
import Service
import Transfer

/// Whether a server fetches what its caches lack.
struct UpstreamOptions: ParsableArguments {
    /// Whether it does.
    @Flag(help: "Fetch what the caches lack from the Hub and from Kaggle, as somebody whom they do not know.")
    var upstream = false

    /// Whether the credentials of whoever runs the server are used, for all clients.
    @Flag(help: "Fetch with the tokens of this user: clients read what these may read.")
    var upstreamToken = false

    /// The most bytes a second that are loaded, as a size; nil is no bound.
    @Option(
        help: ArgumentHelp("Load at most so much a second, such as 10MB.", valueName: "size"))
    var upstreamBandwidth: String?

    /// Refuses what means nothing without `--upstream`; exit code 2.
    mutating func validate() throws {
        guard upstream || (!upstreamToken && upstreamBandwidth == nil) else {
            throw ValidationError("--upstream-token and --upstream-bandwidth are for --upstream")
        }
        if let upstreamBandwidth, ByteSize.parse(upstreamBandwidth) == nil {
            throw ValidationError("--upstream-bandwidth takes a size, such as 500kB, 10MB or 1.5MiB")
        }
    }

    /// What asks upstream; `nil` where nobody does.
    ///
    /// - Parameter threads: of the server, of which half may wait for answers.
    /// - Throws: where a variable or a credential cannot mean anything.
    func desk(_ hub: HubCache, _ kagglehub: KagglehubCache, threads: Int, _ session: Session) throws
        -> UpstreamDesk?
    {
        guard upstream else { return nil }
        let environment = session.context.environment
        // Known when it comes back: a variable may lead to this server itself.
        var generator = SystemRandomNumberGenerator()
        let name = "serve-" + String(UInt64.random(in: .min ... .max, using: &generator), radix: 36)
        let listings = HubListings()
        @Sendable func services() throws -> CacheFetcher.Services {
            let patience = Patience(RetryPolicy(retries: 4, longest: 8), Cancellation())
            let requester = Requester(
                HTTPClient(
                    environment: environment, userAgent: "knapsack/\(Knapsack.version) (\(name))",
                    silenceSeconds: 30, cancellation: patience.cancellation), patience)
            let hubClient = try HubConnection.client(requester, session, isKnown: upstreamToken)
            let kaggleClient = try KaggleConnection.client(requester, session, isKnown: upstreamToken)
            return CacheFetcher.Services(
                hub: HubService(hubClient, cache: hub.root, environment: environment, listings: listings),
                kaggle: KaggleService(kaggleClient, cache: kagglehub.root), patience: patience)
        }
        // What cannot mean anything is said before anybody asks.
        _ = try services()
        let fetcher = CacheFetcher(
            throttle: Throttle(bytesPerSecond: upstreamBandwidth.flatMap { ByteSize.parse($0) }),
            services: services
        ) { problems in
            session.say(problems.map { "upstream: \($0.message.withVisibleScalars)" }.joined(separator: "\n"))
        }
        return UpstreamDesk(fetcher, name: name, mostWaiting: threads / 2)
    }
}
