import Formats
package import Manifests
import Storage
import Synchronization

/// Fills caches with what is wanted of services: from wishes to plans, from plans to files.
package final class Fetch: Sendable {
    private let services: [any FetchService]
    private let patience: Patience

    /// How many wishes are asked about at once.
    private static let questions = 8

    /// - Parameter patience: that of the clients of the services, so that one end ends them all.
    package init(_ services: [any FetchService], patience: Patience) {
        self.services = services
        self.patience = patience
    }

    /// Asks what the wishes come to, and looks what of it is in the caches. Nothing is written.
    ///
    /// - Parameter wishes: each of a source that one of the services has.
    /// - Returns: a plan for each wish that a service fulfils, and why the others are not fulfilled.
    package func plans(_ wishes: [FetchWish]) async throws -> (plans: [FetchPlan], findings: [Diagnostic]) {
        let results = Mutex([Result<FetchPlan, any Error>?](repeating: nil, count: wishes.count))
        let next = Atomic(0)
        try await Threads.run(min(Fetch.questions, wishes.count)) { [self] _ in
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
        guard let service = service(of: wish) else {
            throw NetworkError(.malformed, "nothing is fetched from \(wish.source.text)", isPassing: false)
        }
        let plan = try service.plan(wish)
        try plan.requireInsideCache()
        return plan
    }

    /// Loads what the plans lack.
    ///
    /// - Parameters:
    ///   - connections: how many connections are open at once.
    ///   - progress: counts bytes that are loaded.
    ///   - notify: receives sentences about what the work waits for.
    /// - Throws: what ended everything, as ``Diagnostics``.
    package func load(
        _ plans: [FetchPlan], connections: Int, throttle: Throttle, progress: @escaping ProgressHandler,
        notify: @escaping @Sendable (String) -> Void
    ) async throws -> [FetchResult] {
        if plans.isEmpty { return [] }
        for plan in plans { try plan.destination.prepare() }
        let work = FetchWork(plans)
        progress(.began(stage: "fetching", files: work.count, bytes: work.missing))
        let downloader = Downloader(
            work, patience: patience, throttle: throttle, progress: progress, notify: notify)
        let outcomes: [BlobOutcome]
        do {
            outcomes = try await downloader.run(connections: connections)
        } catch {
            progress(.ended)
            let wish = error.content.map { work.plan(of: $0).wish } ?? plans[0].wish
            throw Diagnostics(finding(wish, error.cause, file: nil))
        }
        progress(.ended)
        return try plans.indices.map { try result(plans[$0], number: $0, work, outcomes) }
    }

    private func result(
        _ plan: FetchPlan, number: Int, _ work: FetchWork, _ outcomes: [BlobOutcome]
    ) throws -> FetchResult {
        var findings: [Diagnostic] = []
        var (loaded, bytes, absent) = (0, 0, 0)
        for (content, outcome) in outcomes.enumerated() where work.isWanted(content, by: number) {
            switch outcome {
            case .loaded:
                loaded += 1
                bytes = bytes.saturated(adding: work.missing(of: content))
            case .found: loaded += 1
            case .mended(let ranges):
                loaded += 1
                bytes = bytes.saturated(adding: work.missing(of: content))
                findings.append(FetchFindings.mended(plan.wish.subject, work.name(of: content), ranges))
            case .failed(let error):
                absent += work.files(of: content, in: number)
                findings.append(finding(plan.wish, error, file: work.name(of: content)))
            case .busy: absent += work.files(of: content, in: number)
            }
        }
        if !findings.contains(where: { $0.severity == .error }) {
            findings += try plan.destination.finish()
        }
        return FetchResult(
            plan: plan, loaded: loaded, bytes: bytes,
            files: plan.destination.unpacked ?? plan.files.count - absent,
            findings: findings)
    }

    /// What to say of an error of a service that was asked about a wish.
    package func problem(_ error: any Error, of wish: FetchWish) -> Diagnostic {
        finding(wish, error, file: nil)
    }

    private func service(of wish: FetchWish) -> (any FetchService)? { services.first { $0.has(wish.source) } }

    private func finding(_ wish: FetchWish, _ error: any Error, file: String?) -> Diagnostic {
        guard let service = service(of: wish) else {
            return Diagnostic(code: .fetchElsewhere, "\(wish.subject): \(error)", verdict: .undecided)
        }
        return FetchFindings.finding(error, wish, service, file: file)
    }
}
