package import Caches
import Formats
package import Storage
import Synchronization
import Xet

/// Proves that files are what their cache states, and remembers which are.
///
/// Threads of its own hash, so that a request waits no longer than its client does: what is asked for comes first, then
/// everything else that a cache holds.
package final class FileProver: Sendable {
    /// What is known of a file.
    package enum Verdict: Sendable {
        /// The content agrees with all that its cache states.
        case proved(ContentDigests)
        /// It does not.
        case refuted
        /// It cannot be read, or changed meanwhile.
        case unreadable
    }

    /// What a verdict is about: one content, and all that its cache states of it, which differs by path and revision.
    private struct Claim: Hashable {
        let status: FileStatus
        let evidence: [Evidence]
        let expectedSize: Int?

        init(_ file: CachedFile) {
            status = file.status
            evidence = file.evidence
            expectedSize = file.expectedSize
        }
    }

    private struct State {
        var verdicts: [Claim: Verdict] = [:]
        var running: Set<Claim> = []
        var urgent: [CachedFile] = []
        var others: [CachedFile] = []
    }

    private let index: DigestIndex?
    private let places: ThreadPlaces
    private let state = Mutex(State())
    private let isStopping = Atomic(false)
    private let tell: @Sendable (CachedFile, Verdict) -> Void

    /// - Parameters:
    ///   - index: where digests are remembered, also for other commands; `nil` hashes everything again.
    ///   - mostWaiting: how many requests wait for a file at once, so that others are served meanwhile.
    ///   - tell: receives each file that does not hold, once.
    package init(
        index: DigestIndex?, mostWaiting: Int = 32,
        tell: @escaping @Sendable (CachedFile, Verdict) -> Void = { _, _ in }
    ) {
        self.index = index
        places = ThreadPlaces(limit: mostWaiting)
        self.tell = tell
    }

    /// Adds files to be proved when nothing else is asked for.
    package func add(_ files: [CachedFile]) {
        // Taken from the end.
        state.withLock { $0.others = files.reversed() + $0.others }
    }

    /// What is known of a file now; `nil` where it has to be hashed.
    package func known(_ file: CachedFile) -> Verdict? {
        if let verdict = state.withLock({ $0.verdicts[Claim(file)] }) { return verdict }
        let wantsGit = FileProver.wantsGit(file)
        guard let digests = index?.digests(for: file.status), digests.gitBlob != nil || !wantsGit,
            digests.xet != nil || !file.isKnownByXetAlone
        else { return nil }
        return settle(file, digests)
    }

    /// What is known of a file, after waiting for it so long.
    /// - Returns: `nil` where it takes longer, or too many wait; it goes on.
    package func verdict(on file: CachedFile, seconds: Double) -> Verdict? {
        if let known = known(file) { return known }
        state.withLock { state in
            if !state.running.contains(Claim(file)) { state.urgent.append(file) }
        }
        guard let place = places.take() else { return nil }
        defer { withExtendedLifetime(place) {} }
        let end = steadyTime() + Int64(seconds * 1e9)
        var step = 1
        while steadyTime() < end, !isStopping.load(ordering: .relaxed) {
            if let verdict = state.withLock({ $0.verdicts[Claim(file)] }) { return verdict }
            pause(milliseconds: step)
            step = min(step * 2, 50)
        }
        return state.withLock { $0.verdicts[Claim(file)] }
    }

    /// Hashes until ``stop()`` is called. Two threads: one is there for what is asked for, whatever the other one is at.
    package func run() async throws(FileError) {
        try await Threads.run(2) { [self] number in
            var buffer = Buffer(count: FileReader.blockSize)
            while !isStopping.load(ordering: .acquiring) {
                guard let file = take(alsoOthers: number == 0) else {
                    pause(milliseconds: 5)
                    continue
                }
                prove(file, &buffer)
            }
        }
        index?.save()
    }

    /// How many files were proved, refuted and could not be read, and how many wait.
    package var counts: (proved: Int, refuted: Int, unreadable: Int, waiting: Int) {
        state.withLock { state in
            var counts = (
                proved: 0, refuted: 0, unreadable: 0, waiting: state.urgent.count + state.others.count
            )
            for verdict in state.verdicts.values {
                switch verdict {
                case .proved: counts.proved += 1
                case .refuted: counts.refuted += 1
                case .unreadable: counts.unreadable += 1
                }
            }
            return counts
        }
    }

    /// Has ``run()`` return soon: a file that is being hashed is left.
    package func stop() { isStopping.store(true, ordering: .releasing) }

    private func take(alsoOthers: Bool) -> CachedFile? {
        state.withLock { state in
            while let file = state.urgent.popLast() ?? (alsoOthers ? state.others.popLast() : nil) {
                guard state.verdicts[Claim(file)] == nil, state.running.insert(Claim(file)).inserted else {
                    continue
                }
                return file
            }
            return nil
        }
    }

    private func prove(_ file: CachedFile, _ buffer: inout Buffer) {
        defer { _ = state.withLock { $0.running.remove(Claim(file)) } }
        if known(file) != nil { return }
        let now = currentTime()
        var xetHasher = file.isKnownByXetAlone ? XetFileHasher() : nil
        do {
            let read = try FileReader.read(
                file.location, gitBlob: FileProver.wantsGit(file), buffer: &buffer
            ) { bytes in
                if isStopping.load(ordering: .relaxed) { throw ReadFailure.cancelled }
                xetHasher?.update(bytes)
            }
            guard read.status == file.status else { return settle(file, .unreadable) }
            var digests = read.digests
            digests.xet = xetHasher?.finish()
            index?.remember(digests, of: read.status, at: file.location, now: now)
            _ = settle(file, digests)
        } catch ReadFailure.cancelled {
            return
        } catch {
            settle(file, .unreadable)
        }
    }

    private func settle(_ file: CachedFile, _ digests: ContentDigests) -> Verdict {
        let holds =
            file.contradiction(of: digests) == nil
            && (file.expectedSize.map { $0 == file.status.size } ?? true)
        let verdict: Verdict = holds ? .proved(digests) : .refuted
        settle(file, verdict)
        return verdict
    }

    private func settle(_ file: CachedFile, _ verdict: Verdict) {
        let isNew = state.withLock { $0.verdicts.updateValue(verdict, forKey: Claim(file)) == nil }
        if case .proved = verdict { return }
        if isNew { tell(file, verdict) }
    }

    private static func wantsGit(_ file: CachedFile) -> Bool {
        file.evidence.contains { if case .gitBlob = $0 { true } else { false } }
    }
}
