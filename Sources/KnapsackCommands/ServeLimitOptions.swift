import ArgumentParser
import Manifests
import Service

/// How much clients of a server may have of it.
struct ServeLimitOptions: ParsableArguments {
    /// How often one client may ask in a minute.
    @Option(
        help: ArgumentHelp(
            "Requests a minute for each token, or address without one; 0 for no limit. Usually 6000 where tokens count.",
            valueName: "number"))
    var rate: Int?

    /// How many connections are open at once.
    @Option(help: ArgumentHelp("Connections at once. (default: 4096)", valueName: "number"))
    var maxConnections: Int?

    /// How many of them one address has.
    @Option(
        help: ArgumentHelp(
            "Connections at once for each address. (default: 256, and any number for this machine)",
            valueName: "number"))
    var maxConnectionsPerAddress: Int?

    /// The largest body of a request.
    @Option(
        help: ArgumentHelp(
            "The largest upload, such as 50GB: what the disk has room for otherwise.", valueName: "size"))
    var maxUpload: String?

    /// How long a head may take.
    @Option(
        help: ArgumentHelp(
            "Seconds for the head of a request, and for a TLS handshake.", valueName: "seconds"))
    var headTimeout = 15

    /// How long an idle connection stays.
    @Option(help: ArgumentHelp("Seconds that an idle connection stays open.", valueName: "seconds"))
    var idleTimeout = 75

    /// How long a client may send or take nothing.
    @Option(
        help: ArgumentHelp("Seconds in which a client may send or take nothing.", valueName: "seconds"))
    var silenceTimeout = 30

    /// Refuses numbers out of their bounds; exit code 2.
    func validate() throws {
        let counts = [
            ("--max-connections", maxConnections),
            ("--max-connections-per-address", maxConnectionsPerAddress),
        ]
        for (name, count) in counts {
            guard (1...1_000_000).contains(count ?? 1) else {
                throw ValidationError("\(name) takes 1 to 1000000")
            }
        }
        let times = [
            ("--head-timeout", headTimeout), ("--idle-timeout", idleTimeout),
            ("--silence-timeout", silenceTimeout),
        ]
        for (name, seconds) in times {
            guard (1...3600).contains(seconds) else {
                throw ValidationError("\(name) takes 1 to 3600 seconds")
            }
        }
        guard (0...1_000_000_000).contains(rate ?? 0) else {
            throw ValidationError("--rate takes 0 to 1000000000")
        }
        if let maxUpload {
            guard ByteSize.parse(maxUpload) != nil else {
                throw ValidationError("--max-upload takes a size such as 50GB")
            }
        }
    }

    /// Puts them into the settings of a server.
    /// - Parameter openFiles: how many files and connections the system lets the process have.
    func apply(to settings: inout ServerSettings, openFiles: Int) {
        // The rest is for files that are sent or taken.
        settings.connections = min(maxConnections ?? settings.connections, max(1, openFiles / 4))
        settings.connectionsPerAddress = maxConnectionsPerAddress ?? 256
        settings.isLoopbackCounted = maxConnectionsPerAddress != nil
        settings.bodyLimit = maxUpload.flatMap(ByteSize.parse)
        settings.headSeconds = Double(headTimeout)
        settings.handshakeSeconds = min(settings.handshakeSeconds, settings.headSeconds)
        settings.idleSeconds = Double(idleTimeout)
        settings.silenceSeconds = Double(silenceTimeout)
    }

    /// Counts the requests of clients; `nil` where they may ask as often as they want.
    /// - Parameter needsTokens: whether there are tokens: a server without them is its user's own.
    func limiter(needsTokens: Bool) -> RateLimiter? {
        let perMinute = rate ?? (needsTokens ? 6000 : 0)
        return perMinute > 0 ? RateLimiter(perMinute: perMinute) : nil
    }
}
