import Caches
import Formats
import Locking
import Manifests
import Rules
import Storage
import Transfer

/// Fills the caches with what a manifest, a lock or sources name, for `fetch`, `lock` and `pack`.
struct Fetching {
    /// How the network is used.
    let options: TransferOptions
    /// The caches to fill.
    let caches: CacheOptions

    /// How registries are asked.
    let registry: RegistryOptions

    /// Whether the Hub and Kaggle are asked with the user's tokens.
    var isKnown = true

    /// Loads what is missing, and reports it.
    /// - Returns: false where something was reported that hinders.
    @discardableResult
    func load(_ wishes: [FetchWish], _ session: Session) async throws -> Bool {
        guard let (fetch, plans) = try await plans(wishes, session) else { return false }
        for (place, plans) in plans.byCache {
            try SpaceNeeded(
                plans.saturatedSum(\.room), for: "what is to be fetched", at: place,
                fix:
                    "free space there, or name another cache with --hf-cache, --kagglehub-cache or KNAPSACK_CACHE_DIR"
            ).check()
        }
        SignalHandler.goesOn()
        let results = try await fetch.load(
            plans, connections: options.connections,
            throttle: Throttle(bytesPerSecond: options.bytesPerSecond), progress: session.progress,
            notify: { session.say($0) })
        for result in results { session.report(result.findings) }
        session.say(FetchReport.loaded(results))
        session.add("fetched", .array(results.map(FetchReport.json)))
        return !session.hasErrors
    }

    /// Loads what a manifest and the lock beside it want.
    /// - Parameter locked: whether the lock has to be there and fresh.
    /// - Returns: false where something was reported that hinders.
    func load(
        _ source: ManifestArgument, update: Resolution.Update, locked: Bool, _ session: Session
    ) async throws -> Bool {
        let manifest = try source.read()
        // Nothing is loaded for a lock that the work would refuse afterwards.
        let lock: Lock?
        if locked {
            lock = try Fetching.fresh(source, manifest, session)
            if lock == nil { return false }
        } else {
            lock = try source.readPrevious(manifest, session)
        }
        let wishes = wishes(manifest, lock, update: update)
        return wishes.isEmpty ? true : try await load(wishes, session)
    }

    /// The lock beside a manifest, if it is there and fresh; `nil` where it was reported that it is not.
    /// - Throws: where it cannot be read.
    static func fresh(_ source: ManifestArgument, _ manifest: Manifest, _ session: Session) throws -> Lock? {
        guard let lock = try source.readLock() else {
            session.report([Locking.missing(source)])
            return nil
        }
        session.report(Check.outdated(manifest, lock) + Freshness.findings(manifest, lock))
        return session.hasErrors ? nil : lock
    }

    /// Asks what the wishes come to, and reports what hinders.
    /// - Returns: `nil` where something does.
    func plans(_ wishes: [FetchWish], _ session: Session) async throws -> (Fetch, [FetchPlan])? {
        let fetch = try options.fetch(
            wishes, caches.caches(session.context), plainHTTP: registry.plainHttp, isKnown: isKnown,
            session)
        let (plans, findings) = try await fetch.plans(wishes)
        session.report(findings)
        for plan in plans { session.report(plan.findings) }
        return session.hasErrors ? nil : (fetch, plans)
    }

    /// What a manifest wants, as far as it is fetched: at the revisions that its lock pins, or that it asks for.
    ///
    /// - Parameters:
    ///   - lock: the lock beside it, if there is one.
    ///   - update: the entries whose pins are moved on.
    func wishes(
        _ manifest: Manifest, _ lock: Lock?, update: Resolution.Update
    ) -> [FetchWish] {
        manifest.entries.compactMap { entry -> FetchWish? in
            guard let source = entry.source, source.isFetched else { return nil }
            let locked = update.includes(entry.name) ? nil : lock?.entry(named: entry.name)
            if let locked, locked.asked == entry.asked, locked.kind == entry.kind {
                return wish(locked)
            }
            // What else the entry asks for now is looked for at the revision that it had.
            let isAsked = locked?.asked.source?.hasSameBytes(as: source.text) == true
            return FetchWish(
                subject: entry.name, source: source, pin: isAsked ? locked?.origin : nil, filter: entry.filter
            )
        }
    }

    /// What a lock pins, as far as it is fetched.
    func wishes(_ lock: Lock) -> [FetchWish] { lock.entries.compactMap(wish) }

    private func wish(_ locked: LockedEntry) -> FetchWish? {
        guard let source = locked.origin.source, source.isFetched else { return nil }
        var files: [RelativePath: FetchWish.Content] = [:]
        for file in locked.files {
            files[file.path] = FetchWish.Content(size: file.size, sha256: file.sha256)
        }
        return FetchWish(
            subject: locked.name, source: source, pin: locked.origin,
            filter: FileFilter(include: nil, exclude: []), locked: files)
    }
}

extension [FetchPlan] {
    /// The caches that receive the plans' files, in the order of their paths, each with its plans.
    var byCache: [(cache: String, plans: [FetchPlan])] {
        Dictionary(grouping: self) { ExactName($0.cache) }.sorted { $0.key < $1.key }
            .map { ($0.key.text, $0.value) }
    }
}

extension Source {
    /// Whether it is at a service that is fetched from.
    var isFetched: Bool { isOnHub || isOnKaggle || isInRegistry }

    /// Whether it is on the Hugging Face Hub.
    var isOnHub: Bool { if case .hub = self { true } else { false } }

    /// Whether it is in a registry.
    var isInRegistry: Bool { if case .registry = self { true } else { false } }

    /// Whether it is on Kaggle.
    var isOnKaggle: Bool { if case .kaggle = self { true } else { false } }
}

extension Origin {
    /// The source that was resolved to it; `nil` for what is no service's.
    fileprivate var source: Source? {
        switch self {
        case .hub(let repository, let ref, _): .hub(repository, revision: ref)
        case .kaggle(let handle): .kaggle(handle)
        case .registry(let artifact, _): .registry(artifact)
        case .path, .conversion: nil
        }
    }

    /// The commit, the version, or the digest of the manifest.
    var revisionText: String {
        switch self {
        case .hub(_, _, let commit): commit
        case .kaggle(let handle): handle.version.map(String.init) ?? ""
        case .registry(_, let manifest): manifest.hex
        case .path, .conversion: ""
        }
    }
}
