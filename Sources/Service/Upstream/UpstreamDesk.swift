import Formats
import Manifests
import Storage
import Synchronization

/// Puts questions upstream, each once for all who wait for the answer, and remembers answers for a while.
package final class UpstreamDesk: Sendable {
    private enum Job {
        case running(since: Int64)
        case ended(Result<UpstreamAnswer, Diagnostics>, at: Int64)
    }

    private let fetcher: any UpstreamFetcher
    private let name: String
    private let mostWaiting: Int
    /// How many answers are remembered.
    private let room: Int
    private let jobs = Mutex<[UpstreamQuestion: Job]>([:])
    private let waiting = Atomic(0)
    private let isStopping = Atomic(false)

    /// How long the answer to what may change is taken for what holds, in nanoseconds.
    private static let life: Int64 = 60_000_000_000
    /// How long everybody is told why something cannot be had, before it is asked again.
    private static let refusalLife: Int64 = 10_000_000_000
    /// How long it is known that something was loaded: then the cache is looked into again.
    private static let loadedLife: Int64 = 5_000_000_000
    /// How many loads run at once; others wait.
    private static let loads = 8
    /// - Parameters:
    ///   - fetcher: asks.
    ///   - name: what the fetcher states in its `User-Agent`, by which a request is known that came back.
    ///   - mostWaiting: how many requests wait for an answer at once, so that others are served meanwhile.
    ///   - room: how many answers are remembered.
    package init(_ fetcher: any UpstreamFetcher, name: String, mostWaiting: Int, room: Int = 4096) {
        self.fetcher = fetcher
        self.name = name
        self.mostWaiting = max(1, mostWaiting)
        self.room = max(1, room)
    }

    /// Ends what is loaded, and has all who wait be told that it takes longer.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        fetcher.stop()
    }

    /// Whether nobody is asked upstream for a request: one of this server's own, which went upstream and came back, and whose
    /// answer would be waited for by itself; and one that a browser sends for a page of another site, which could fill the
    /// disk with it.
    func isOwn(_ head: RequestHead) -> Bool {
        head.fields["user-agent"]?.containsUTF8(name) == true || AccessControl.isFromAnotherSite(head)
    }

    /// The answer to a question, after waiting for it so long.
    /// - Returns: `nil` where it takes longer; it goes on.
    func answer(_ question: UpstreamQuestion, seconds: Double) -> Result<UpstreamAnswer, Diagnostics>? {
        if let known = look(question) { return known }
        guard waiting.wrappingAdd(1, ordering: .relaxed).oldValue < mostWaiting else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            return nil
        }
        defer { waiting.wrappingSubtract(1, ordering: .relaxed) }
        let end = steadyTime() + Int64(seconds * 1e9)
        var step = 2
        while steadyTime() < end, !isStopping.load(ordering: .acquiring) {
            pause(milliseconds: step)
            if let known = look(question) { return known }
            step = min(step * 2, 100)
        }
        return nil
    }

    /// For how many seconds a client had better not ask again: as long as it has taken so far, so that what takes long is
    /// not asked for often, and nobody waits more than twice as long as it takes.
    func retrySeconds(_ question: UpstreamQuestion) -> Int {
        guard case .running(let since)? = jobs.withLock({ $0[question] }) else { return 2 }
        return min(max(2, Int((steadyTime() - since) / 1_000_000_000)), 300)
    }

    /// The commits that names of a repository are, as far as they were asked for not long ago.
    func names(of repository: HubRepository) -> [(name: String, commit: String)] {
        let now = steadyTime()
        let known = jobs.withLock { jobs in
            jobs.compactMap { question, job -> (name: String, commit: String)? in
                guard case .revision(repository, let name) = question,
                    case .ended(.success(.commit(let commit)), let time) = job,
                    now - time < UpstreamDesk.life,
                    !name.hasSameBytes(as: commit)
                else { return nil }
                return (name, commit)
            }
        }
        return known.sorted { $0.name.precedesByBytes($1.name) }
    }

    /// The answer if it is there; begins to ask if nobody has.
    private func look(_ question: UpstreamQuestion) -> Result<UpstreamAnswer, Diagnostics>? {
        let now = steadyTime()
        let (known, begins) = jobs.withLock { jobs -> (Result<UpstreamAnswer, Diagnostics>?, Bool) in
            switch jobs[question] {
            case .running?: return (nil, false)
            case .ended(let result, let time)? where now - time < UpstreamDesk.life(question, result):
                return (result, false)
            default: break
            }
            guard !isStopping.load(ordering: .relaxed) else { return (nil, false) }
            if question.isLoad {
                let running = jobs.count {
                    if $0.key.isLoad, case .running = $0.value { true } else { false }
                }
                guard running < UpstreamDesk.loads else { return (nil, false) }
            }
            if jobs.count >= room {
                jobs = jobs.filter { question, job in
                    guard case .ended(let result, let time) = job else { return true }
                    return now - time < UpstreamDesk.life(question, result)
                }
                makeRoom(&jobs)
                guard jobs.count < room else { return (nil, false) }
            }
            jobs[question] = .running(since: now)
            return (nil, true)
        }
        guard begins else { return known }
        Task.detached { [self] in
            let result = await fetcher.answer(question)
            jobs.withLock { $0[question] = .ended(result, at: steadyTime()) }
        }
        return nil
    }

    /// Forgets the older half of the answers where all of them still hold: somebody asks for very many names, and others shall be
    /// answered all the same. What is being asked for stays.
    private func makeRoom(_ jobs: inout [UpstreamQuestion: Job]) {
        guard jobs.count >= room else { return }
        let ended = jobs.compactMap { question, job -> (question: UpstreamQuestion, time: Int64)? in
            if case .ended(_, let time) = job { (question, time) } else { nil }
        }
        for one in ended.sorted(by: { $0.time < $1.time }).prefix((ended.count + 1) / 2) {
            jobs[one.question] = nil
        }
    }

    private static func life(_ question: UpstreamQuestion, _ result: Result<UpstreamAnswer, Diagnostics>)
        -> Int64
    {
        guard case .success = result else { return refusalLife }
        return question.isLoad ? loadedLife : life
    }
}

extension Diagnostics {
    /// What upstream does not give, as a server tells its clients.
    enum UpstreamRefusal {
        /// There is nothing of the name, or nothing that the server may see.
        case notFound
        /// There is no such revision or version.
        case revisionNotFound
        /// Somebody has to agree to terms, or to be known.
        case gated
        /// It did not come, or not as it should be.
        case failed
    }

    /// Which refusal the findings are.
    var upstreamRefusal: UpstreamRefusal {
        switch all.first?.code {
        case .fetchNotFound?: .notFound
        case .fetchRevisionNotFound?: .revisionNotFound
        case .fetchGated?, .fetchTokenNeeded?, .fetchTokenWrong?: .gated
        default: .failed
        }
    }
}
