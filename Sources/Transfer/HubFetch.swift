import Caches
import Formats
package import Manifests
import Storage
import Synchronization

/// Fills a hub cache with what is wanted of the Hub.
package final class HubFetch: Sendable {
    private let client: HubClient
    private let cache: String
    private let environment: [String: String]

    /// - Parameters:
    ///   - cache: the cache's directory as it was named.
    ///   - environment: states what of the cache is not to be used.
    package init(_ client: HubClient, cache: String, environment: [String: String]) {
        self.client = client
        self.cache = cache
        self.environment = environment
    }

    /// Asks the Hub what the wishes come to, and looks what of it is in the cache. Nothing is written.
    /// - Returns: a plan for each wish that the Hub fulfils, and why it does not fulfil the others.
    package func plans(_ wishes: [FetchWish]) async throws -> (plans: [FetchPlan], findings: [Diagnostic]) {
        let results = Mutex([Result<FetchPlan, any Error>?](repeating: nil, count: wishes.count))
        let next = Atomic(0)
        try await Threads.run(min(8, wishes.count)) { [self] _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < wishes.count else { return }
                let result = Result { try plan(wishes[index]) }
                results.withLock { $0[index] = result }
            }
        }
        var plans: [FetchPlan] = []
        var findings: [Diagnostic] = []
        for (wish, result) in zip(wishes, results.withLock { $0 }) {
            switch result {
            case .success(let plan): plans.append(plan)
            case .failure(let error): findings.append(finding(wish, error, file: nil))
            case nil: break
            }
        }
        return (plans, findings)
    }

    private func plan(_ wish: FetchWish) throws -> FetchPlan {
        if let plan = PlanMaking.withoutAsking(wish, cache: cache) { return plan }
        let commit = try wish.pin ?? client.commit(wish.repository, revision: wish.revision)
        let listing = try client.listing(wish.repository, commit: commit)
        return PlanMaking.plan(wish, listing, cache: cache, environment: environment)
    }

    /// Loads what the plans lack.
    ///
    /// - Parameters:
    ///   - mode: how contents are asked for.
    ///   - connections: how many connections are open at once.
    ///   - progress: counts bytes that are loaded.
    ///   - notify: receives sentences about what the work waits for.
    /// - Throws: what ended everything, as ``Diagnostics``.
    package func load(
        _ plans: [FetchPlan], mode: TransferMode = .auto, connections: Int, throttle: Throttle,
        progress: @escaping ProgressHandler, notify: @escaping @Sendable (String) -> Void
    ) async throws -> [FetchResult] {
        let writers = try plans.map { try HubCacheWriter($0.wish.repository, cache: cache) }
        for (plan, writer) in zip(plans, writers) {
            try writer.prepare()
            if let listing = plan.listing { try writer.write(listing) }
        }
        let (tasks, owners) = gather(plans, writers)
        progress(
            .began(
                stage: "fetching", files: tasks.count, bytes: plans.reduce(0) { $0 + $1.missing }))
        let downloader = Downloader(
            tasks, client, mode: mode, throttle: throttle, progress: progress, notify: notify)
        let outcomes: [BlobOutcome]
        do {
            outcomes = try await downloader.run(connections: connections)
        } catch {
            progress(.ended)
            let wish = plans[owners.first?.first ?? 0].wish
            throw Diagnostics(finding(wish, error, file: nil))
        }
        progress(.ended)
        return try plans.indices.map { number in
            try result(plans[number], writers[number], number, tasks, owners, outcomes)
        }
    }

    /// The blobs that the plans lack, each once, and for each the plans that want it.
    private func gather(
        _ plans: [FetchPlan], _ writers: [HubCacheWriter]
    ) -> (tasks: [BlobTask], owners: [[Int]]) {
        var tasks: [BlobTask] = []
        var owners: [[Int]] = []
        var known: [ExactName: Int] = [:]
        for (number, plan) in plans.enumerated() {
            let store = SharedStore(cache: writers[number].root, environment: environment)
            for file in plan.files where !file.isThere {
                guard let identity = file.identity else { continue }
                let place = BlobTask.Place(commit: plan.commit, path: file.path)
                let locked = plan.wish.locked?[file.path]?.sha256
                let key = ExactName(writers[number].blob(identity.name))
                if let index = known[key] {
                    tasks[index].others.append(place)
                    tasks[index].locked = tasks[index].locked ?? locked
                    if owners[index].last != number { owners[index].append(number) }
                    continue
                }
                known[key] = tasks.count
                owners.append([number])
                tasks.append(
                    BlobTask(
                        identity: identity, repository: plan.wish.repository, first: place, locked: locked,
                        xetHash: file.xetHash, cache: writers[number], store: store))
            }
        }
        return (tasks, owners)
    }

    private func result(
        _ plan: FetchPlan, _ writer: HubCacheWriter, _ number: Int, _ tasks: [BlobTask], _ owners: [[Int]],
        _ outcomes: [BlobOutcome]
    ) throws -> FetchResult {
        var findings: [Diagnostic] = []
        var loaded = 0
        for (index, outcome) in outcomes.enumerated() where owners[index].contains(number) {
            let task = tasks[index]
            switch outcome {
            case .loaded, .found: loaded += 1
            case .mended(let ranges):
                loaded += 1
                findings.append(TransferFailure.mended(plan.wish.subject, task.name, ranges))
            case .failed(let error): findings.append(finding(plan.wish, error, file: task.name))
            case .busy: break
            }
        }
        if !findings.contains(where: { $0.severity == .error }) {
            try writer.synchronize()
            findings += try writeRef(plan, writer)
        }
        return FetchResult(
            plan: plan, loaded: loaded, findings: findings,
            directory: Path.join(writer.folder, "snapshots/\(plan.commit)"))
    }

    /// Points the branch or the tag at what was loaded. One that a lock pins is not moved: it may be older.
    private func writeRef(_ plan: FetchPlan, _ writer: HubCacheWriter) throws -> [Diagnostic] {
        let ref = plan.wish.revision
        if ref.hasSameBytes(as: plan.commit) { return [] }
        if plan.wish.pin != nil, let other = writer.commit(of: ref), !other.hasSameBytes(as: plan.commit) {
            return [
                Diagnostic(
                    .note, code: .refKept,
                    "\(plan.wish.subject): \(ref) of \(plan.wish.repository.id) points elsewhere in the cache, and was not changed",
                    notes: ["the lock pins \(plan.commit)"])
            ]
        }
        try writer.write(ref: ref, commit: plan.commit)
        return []
    }

    private func finding(_ wish: FetchWish, _ error: any Error, file: String?) -> Diagnostic {
        switch error {
        case let refusal as HubRefusal:
            refusal.finding(
                wish.subject, wish.repository, revision: wish.revision, endpoint: client.endpoint,
                token: client.token?.place, file: file)
        case let failure as TransferFailure: failure.finding(wish.subject)
        case let network as NetworkError: TransferFailure.unreachable(wish.subject, network, file: file)
        case let problems as Diagnostics where problems.all.count == 1: problems.all[0]
        case let error where error.isOfFullDisk:
            SpaceFinding.finding(cache, subject: wish.subject)
        default:
            Diagnostic(
                code: .failed, "\(wish.subject): \(file.map { "\($0): " } ?? "")\(error)", verdict: .undecided
            )
        }
    }
}
