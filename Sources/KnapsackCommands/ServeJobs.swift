import ArgumentParser
import Caches
import Catalogue
import Formats
import Manifests
import Service
import Storage

/// Where `serve` keeps jobs and what they make.
struct ServeStateOptions: ParsableArguments {
    /// The directory; `nil` is one in the catalogue, or else in Knapsack's own directory of what it remembers.
    @Option(
        help: ArgumentHelp(
            "Keep jobs and their results here, instead of in the catalogue or the user's cache.",
            valueName: "dir"),
        completion: .directory)
    var state: String?

    /// Whether installs of whoever may write use the tokens of this user.
    @Flag(
        help: "Install with the tokens of this user for whoever may write: clients read what these may read.")
    var installToken = false

    /// Whether clients may tell of their use of models.
    @Flag(help: "Keep what clients tell of their use of models, on this machine alone.")
    var analytics = false

    /// What clients tell of their use of models; `nil` where that is not kept.
    func analytics(catalogue: String?, _ session: Session) throws -> AnalyticsStore? {
        guard analytics else { return nil }
        guard let directory = directory(catalogue, session) else {
            throw Diagnostics(
                Diagnostic(
                    code: .noHome, "there is no place for the analytics", fix: "name one with --state",
                    verdict: .undecided))
        }
        do {
            return try AnalyticsStore(directory: directory)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .unreadable,
                    "the analytics in \(FileWalk.shown(directory)) cannot be used: \(error)",
                    fix: "name another directory with --state", verdict: .undecided))
        }
    }

    /// Where all of it is kept.
    private func directory(_ catalogue: String?, _ session: Session) -> String? {
        state ?? catalogue.map { Path.join($0, "jobs") }
            ?? session.context.cacheDirectory.map { Path.join($0, "serve") }
    }

    /// The queue of jobs.
    ///
    /// - Parameter catalogue: the directory of the registry of models, if one is served.
    /// - Returns: `nil` where there is no place for one, or another server has the usual place, which is told: the caches are
    ///   served all the same.
    /// - Throws: where the directory that was named cannot be used.
    func queue(
        catalogue: String?, _ settings: CommandWorker.Settings, _ session: Session
    ) throws -> JobQueue? {
        guard let directory = directory(catalogue, session) else { return nil }
        do throws(JobQueue.Problem) {
            return try JobQueue(directory: try absolute(directory), worker: CommandWorker(settings))
        } catch {
            let (reason, fix) =
                switch error {
                case .inUse:
                    ("another server uses it", "end that server, or name another directory with --state")
                case .unusable(let reason): (reason, "name another directory with --state")
                }
            guard state == nil else {
                throw Diagnostics(
                    Diagnostic(
                        code: .unreadable,
                        "the directory of jobs \(FileWalk.shown(directory)) cannot be used: \(reason)",
                        fix: fix, verdict: .undecided))
            }
            session.say(
                "nothing is installed or made for clients: \(FileWalk.shown(directory)) cannot be used, "
                    + "because \(reason); name another directory with --state")
            return nil
        }
    }

    /// Commands of jobs run in other directories.
    private func absolute(_ path: String) throws(JobQueue.Problem) -> String {
        do throws(FileError) {
            return try CommandWorker.Settings.absolute(path)
        } catch {
            throw .unusable("\(error)")
        }
    }
}

extension CommandWorker.Settings {
    /// How jobs run this very program, with the caches that are served.
    init(
        hubCache: String, kaggleCache: String, catalogue: ModelCatalogue?, uploads: KagglehubCache?,
        lendsCredentials: Bool, _ session: Session
    ) throws(FileError) {
        self.init(
            program: "/proc/self/exe", environment: session.context.environment,
            hubCache: try Self.absolute(hubCache), kaggleCache: try Self.absolute(kaggleCache),
            catalogue: catalogue, uploads: uploads, lendsCredentials: lendsCredentials)
    }

    /// A path from the root on, whether something is there or not.
    fileprivate static func absolute(_ path: String) throws(FileError) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : Path.join(try Directory.current(), path)
    }
}

extension ServerMetrics {
    /// Counts what a server sends besides requests: its connections, and the files that were proved.
    func watch(_ server: HTTPServer, _ prover: FileProver) {
        add([
            Gauge("knapsack_connections", "Connections that are open.") { [("", server.openConnections)] },
            Gauge("knapsack_files", "Files of the cache, by what their proof came to.", label: "proof") {
                let counts = prover.counts
                return [
                    ("proved", counts.proved), ("refuted", counts.refuted),
                    ("unreadable", counts.unreadable), ("waiting", counts.waiting),
                ]
            },
        ])
    }
}
