import Bundles
import Caches
import Formats
import Locking
import Manifests
import Rules
import Storage

/// Makes the lock beside a manifest, or finds out whether making it again would change it.
struct Locking {
    /// The manifest, and with it the place of the lock.
    let source: ManifestArgument
    /// What is resolved and read again.
    let options: LockingOptions
    /// Where entries are resolved from.
    let caches: CacheOptions
    /// Whether everything that the manifest asks for was loaded just now.
    var isFetched = false

    /// A lock that was made and not written.
    private struct Made {
        let lock: Lock
        let inputs: VerifiedInputs
        /// How many entries are taken from the lock that was there, without a look at their files.
        let kept: Int
    }

    /// Resolves, proves, and writes the lock if it differs from the one that is there; reports what changes.
    /// - Returns: the lock, what became of the entries that are made from others, and how many entries were taken from
    ///   the lock that was there, without a look at their files.
    func lock(_ session: Session) async throws -> (Lock, [ConversionOutcome], kept: Int) {
        let manifest = try source.read()
        let previous = try source.readPrevious(manifest, session)
        let made = try await make(manifest, previous, session, isDry: false)
        for outcome in made.inputs.conversions where outcome.state != .locked {
            session.say(outcome.sentence)
        }
        tell(manifest, previous, made, session)
        let changed = try write(made.lock.bytes)
        session.say(changed ? "wrote \(source.lockPath)" : "\(source.lockPath) is up to date")
        return (made.lock, made.inputs.conversions, made.kept)
    }

    /// The lock that ``lock(_:)`` would write. Nothing is written anywhere, also no conversion.
    /// - Returns: the lock, and the names of the entries that it lacks because they would have to be converted, with the
    ///   bytes that they have or may have at most, where they are known.
    func dry(_ session: Session) async throws -> (lock: Lock, unmade: [String], sizes: [ExactName: Int]) {
        let manifest = try source.read()
        let previous = try source.readPrevious(manifest, session)
        let made = try await make(manifest, previous, session, isDry: true)
        tell(manifest, previous, made, session)
        return (made.lock, made.inputs.unmade, made.inputs.unmadeSizes)
    }

    /// The lock that is there, if ``lock(_:)`` would write the same bytes; the findings are reported otherwise. Nothing
    /// is written.
    func unchanged(_ session: Session) async throws -> Lock? {
        let manifest = try source.read()
        guard let lock = try source.readLock() else {
            session.report([Locking.missing(source)])
            return nil
        }
        let stale = Check.outdated(manifest, lock) + Freshness.findings(manifest, lock)
        guard stale.isEmpty else {
            session.report(stale)
            return nil
        }
        let made = try await make(manifest, lock, session, isDry: true)
        let changes = LockChanges(manifest, from: lock, to: made.lock, unmade: made.inputs.unmade)
        session.report(changes.stale(source))
        guard changes.isEmpty else { return nil }
        if try Lock.bytes(source.lockPath) == made.lock.bytes { return lock }
        session.report([
            Diagnostic(
                code: .lockStale, "\(source.lockPath) has the content of a new lock, but not the same bytes",
                at: Diagnostic.Location(file: manifest.path), fix: "run knapsack lock {manifest}")
        ])
        return nil
    }

    private func make(
        _ manifest: Manifest, _ previous: Lock?, _ session: Session, isDry: Bool
    ) async throws -> Made {
        let caches = caches.caches(session.context)
        let isMoved = if case .all = options.rule { true } else { false }
        let manifest = manifest.readingBases(caches, previous: isMoved ? nil : previous)
        let resolution = try Resolution.resolve(
            manifest, previous: previous, caches: caches, update: options.rule, proveAgain: options.rehash,
            isFetched: isFetched)
        session.report(resolution.findings)
        let index = session.context.cacheDirectory.flatMap { directory in
            isDry
                ? DigestIndex.reading(inDirectory: directory) : DigestIndex.open(inDirectory: directory)
        }
        let inputs = try await VerifiedInputs.prove(
            resolution, index: index, rehash: options.rehash, converts: !isDry,
            environment: session.context.environment, progress: session.progress)
        session.report(inputs.findings)
        let kept = resolution.items.count { if case .kept = $0 { true } else { false } }
        return Made(lock: try await inputs.lock(previous: previous), inputs: inputs, kept: kept)
    }

    /// Reports entry by entry what is not as it was locked.
    private func tell(_ manifest: Manifest, _ previous: Lock?, _ made: Made, _ session: Session) {
        guard let previous else { return }
        let changes = LockChanges(manifest, from: previous, to: made.lock, unmade: made.inputs.unmade)
        session.report(changes.moved(by: options.rule))
        for line in changes.others(than: options.rule) { session.say(line) }
        session.add("changed", .array(changes.names.map(JSON.string)))
    }

    private func write(_ bytes: [UInt8]) throws -> Bool {
        do {
            return try AtomicFile.write(bytes, to: source.lockPath)
        } catch let error where error.isFullDisk {
            throw Diagnostics(
                SpaceNeeded(
                    bytes.count, for: source.lockPath,
                    fix: "free space there; what was hashed is remembered if there is room for it"
                ).finding)
        }
    }

    /// The finding that there is no lock beside a manifest.
    static func missing(_ source: ManifestArgument) -> Diagnostic {
        Diagnostic(
            code: .lockMissing, "\(source.manifest) has no lock (\(source.lockPath))",
            fix: "run knapsack lock {manifest}")
    }
}
