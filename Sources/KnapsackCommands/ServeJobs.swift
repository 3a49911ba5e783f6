import ArgumentParser
import Caches
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

    /// The queue of jobs.
    ///
    /// - Parameter catalogue: the directory of the registry of models, if one is served.
    /// - Returns: `nil` where there is no place for one, or another server has the usual place, which is told: the caches are
    ///   served all the same.
    /// - Throws: where the directory that was named cannot be used.
    func queue(
        catalogue: String?, _ settings: CommandWorker.Settings, _ session: Session
    ) throws -> JobQueue? {
        let usual =
            catalogue.map { Path.join($0, "jobs") }
            ?? session.context.cacheDirectory.map { Path.join($0, "serve") }
        guard let directory = state ?? usual else { return nil }
        do throws(JobQueue.Problem) {
            return try JobQueue(directory: try absolute(directory), worker: CommandWorker(settings))
        } catch {
            let reason =
                switch error {
                case .inUse: "another server uses it"
                case .unusable(let reason): reason
                }
            guard state == nil else {
                throw Diagnostics(
                    Diagnostic(
                        code: .unreadable,
                        "the directory of jobs \(FileWalk.shown(directory)) cannot be used: \(reason)",
                        fix: "end that server, or name another directory with --state", verdict: .undecided))
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
        hubCache: String, kaggleCache: String, _ session: Session
    ) throws(FileError) {
        self.init(
            program: "/proc/self/exe", environment: session.context.environment,
            hubCache: try Self.absolute(hubCache), kaggleCache: try Self.absolute(kaggleCache))
    }

    /// A path from the root on, whether something is there or not.
    fileprivate static func absolute(_ path: String) throws(FileError) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : Path.join(try Directory.current(), path)
    }
}
