import Caches
import Formats
import Manifests
import Service
import Storage
import Synchronization
import Transfer

/// Fills the caches of a server with what its clients ask for, by the code of `knapsack fetch`.
final class CacheFetcher: UpstreamFetcher {
    /// The services as one question asks them, and what ends them: an error that concerns a whole source ends all that is
    /// asked through them.
    struct Services: Sendable {
        /// The Hub.
        let hub: HubService
        /// Kaggle.
        let kaggle: KaggleService
        /// How long both are asked.
        let patience: Patience
    }

    private let services: @Sendable () throws -> Services
    private let throttle: Throttle
    private let report: @Sendable ([Diagnostic]) -> Void
    /// What branches and tags were, to point them in the cache at what is loaded.
    private let names = Mutex<[HubRepository: [ExactName: String]]>([:])
    private let running = Mutex<(next: Int, ends: [Int: Cancellation], stops: Bool)>((0, [:], false))

    /// How many connections one load has.
    private static let connections = 4
    /// What is left free on the disk, in bytes: whoever may ask could fill it else.
    private static let reserve = 1 << 30
    /// How many repositories' names are remembered.
    private static let room = 1024

    /// Puts a fetcher together; nothing is asked yet.
    /// - Parameters:
    ///   - services: puts services together for one question.
    ///   - report: receives what went wrong, for whoever runs the server.
    init(
        throttle: Throttle, services: @escaping @Sendable () throws -> Services,
        report: @escaping @Sendable ([Diagnostic]) -> Void
    ) {
        self.services = services
        self.throttle = throttle
        self.report = report
    }

    /// Ends all requests and loads.
    func stop() {
        running.withLock { running in
            running.stops = true
            for end in running.ends.values { end.cancel() }
        }
    }

    /// The answer to a question.
    func answer(_ question: UpstreamQuestion) async -> Result<UpstreamAnswer, Diagnostics> {
        let services: Services
        do {
            services = try self.services()
        } catch {
            // A file of credentials that was right when the server began.
            let problem = Diagnostic(code: .fetchTokenWrong, "upstream: \(error)", verdict: .undecided)
            report([problem])
            return .failure(Diagnostics(problem))
        }
        let number = running.withLock { running in
            running.next += 1
            running.ends[running.next] = services.patience.cancellation
            if running.stops { services.patience.cancellation.cancel() }
            return running.next
        }
        defer { running.withLock { $0.ends[number] = nil } }
        do {
            return .success(try await found(question, services))
        } catch let problems as Diagnostics {
            report(problems.all)
            return .failure(problems)
        } catch {
            let fetch = Fetch([services.hub, services.kaggle], patience: services.patience)
            let problem = fetch.problem(error, of: CacheFetcher.wish(question))
            report([problem])
            return .failure(Diagnostics(problem))
        }
    }

    private func found(_ question: UpstreamQuestion, _ services: Services) async throws -> UpstreamAnswer {
        let (hub, kaggle) = (services.hub, services.kaggle)
        switch question {
        case .revision(let repository, let name):
            let commit = try await CacheFetcher.onThread { try hub.list(repository, revision: name) }
            remember(name, of: repository, commit)
            return .commit(commit)
        case .hubFile(let repository, let commit, _):
            try await load(CacheFetcher.wish(question), services)
            try hub.point(refs(of: repository, at: commit), of: repository, at: commit)
            return .loaded
        case .version(let handle):
            let current = try await CacheFetcher.onThread { try kaggle.current(handle) }
            return .version(current.version ?? 0)
        case .files(let handle): return .files(try await CacheFetcher.files(handle, kaggle))
        case .kaggleFile(let handle, _):
            try await load(CacheFetcher.wish(question), services)
            // Clients load small models file by file: with the last one the version is whole.
            let listed = try await CacheFetcher.files(handle, kaggle)
            if !kaggle.hasAll(of: handle), listed.allSatisfy({ kaggle.has($0.path, of: handle) }) {
                try await load(CacheFetcher.wish(.kaggleVersion(handle)), services)
            }
            return .loaded
        case .kaggleVersion:
            try await load(CacheFetcher.wish(question), services)
            return .loaded
        }
    }

    private static func files(_ handle: KaggleHandle, _ kaggle: KaggleService) async throws -> [UpstreamFile]
    {
        try await CacheFetcher.onThread {
            try kaggle.list(handle).map {
                UpstreamFile(path: $0.path, size: $0.size, created: $0.created ?? 0)
            }
        }
    }

    private func load(_ wish: FetchWish, _ services: Services) async throws {
        let fetch = Fetch([services.hub, services.kaggle], patience: services.patience)
        let (plans, findings) = try await fetch.plans([wish])
        let problems = (findings + plans.flatMap(\.findings)).filter { $0.severity == .error }
        guard problems.isEmpty else { throw Diagnostics(problems) }
        for (place, plans) in plans.byCache where plans.saturatedSum(\.room) > 0 {
            try SpaceNeeded(
                plans.saturatedSum(\.room).saturated(adding: CacheFetcher.reserve), for: wish.subject,
                at: place,
                fix: "free space there"
            ).check()
        }
        let results = try await fetch.load(
            plans, connections: CacheFetcher.connections, throttle: throttle, progress: { _ in },
            notify: { _ in })
        let errors = results.flatMap(\.findings).filter { $0.severity == .error }
        guard errors.isEmpty, results.allSatisfy({ $0.files == $0.plan.files.count || $0.plan.files.isEmpty })
        else {
            throw Diagnostics(
                errors.isEmpty
                    ? [
                        Diagnostic(
                            code: .fetchUnreachable, "\(wish.subject): another process is loading it",
                            verdict: .undecided)
                    ] : errors)
        }
    }

    // MARK: Names

    private func remember(_ name: String, of repository: HubRepository, _ commit: String) {
        guard !name.hasSameBytes(as: commit) else { return }
        names.withLock { names in
            if names.count >= CacheFetcher.room { names = [:] }
            names[repository, default: [:]][ExactName(name)] = commit
        }
    }

    private func refs(of repository: HubRepository, at commit: String) -> [String] {
        names.withLock { names in
            (names[repository] ?? [:]).filter { $0.value.hasSameBytes(as: commit) }.map(\.key.text)
        }
    }

    // MARK: Wishes

    private static func wish(_ question: UpstreamQuestion) -> FetchWish {
        switch question {
        case .revision(let repository, let name): wish(.hub(repository, revision: name), nil)
        case .hubFile(let repository, let commit, let path): wish(.hub(repository, revision: commit), path)
        case .version(let handle), .files(let handle), .kaggleVersion(let handle): wish(.kaggle(handle), nil)
        case .kaggleFile(let handle, let path): wish(.kaggle(handle), path)
        }
    }

    private static func wish(_ source: Source, _ path: RelativePath?) -> FetchWish {
        FetchWish(
            subject: source.text, source: source,
            filter: FileFilter(include: path.map { [Glob(literal($0.text))] }, exclude: []))
    }

    /// A glob that takes this path alone.
    private static func literal(_ path: String) -> String {
        path.unicodeScalars.reduce(into: "") { text, scalar in
            if "*?[".unicodeScalars.contains(scalar) {
                text += "[\(scalar)]"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
    }

    /// Runs what holds its thread until an answer is there on a thread of its own.
    private static func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        let result = Mutex<Result<Value, any Error>?>(nil)
        try await Threads.run(1) { _ in
            let value = Result { try work() }
            result.withLock { $0 = value }
        }
        guard let value = result.withLock({ $0 }) else { throw CancellationError() }
        return try value.get()
    }
}
