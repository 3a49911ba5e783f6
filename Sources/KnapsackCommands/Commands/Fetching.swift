import Caches
import Formats
import Locking
import Manifests
import Storage
import Transfer

/// Fills the caches with what a manifest, a lock or sources name, for `fetch`, `lock` and `pack`.
struct Fetching {
    let options: TransferOptions
    let caches: CacheOptions

    /// Loads what is missing, and reports it.
    /// - Returns: false where something was reported that hinders.
    @discardableResult
    func load(_ wishes: [FetchWish], _ session: Session) async throws -> Bool {
        guard let (fetch, plans) = try await plans(wishes, session) else { return false }
        let hub = caches.caches(session.context).hub
        let missing = plans.reduce(0) { $0 + $1.missing }
        try SpaceNeeded(
            missing, for: "what is to be fetched", at: hub.root.isEmpty ? "." : hub.root,
            fix: "free space there, or name another cache with --hf-cache or HF_HUB_CACHE"
        ).check()
        SignalHandler.goesOn()
        let results = try await fetch.load(
            plans, mode: options.transfer, connections: options.connections,
            throttle: Throttle(bytesPerSecond: options.bytesPerSecond), progress: session.progress,
            notify: { session.say($0) })
        for result in results { session.report(result.findings) }
        session.say(FetchReport.loaded(results))
        session.add("fetched", .array(results.map(FetchReport.json)))
        return !session.hasErrors
    }

    /// Loads what a manifest and the lock beside it want.
    /// - Returns: false where something was reported that hinders.
    func load(
        _ source: ManifestArgument, update: Resolution.Update, _ session: Session
    ) async throws -> Bool {
        let manifest = try source.read()
        // Of a lock in which git left conflict marks nothing is pinned.
        let lock = try? source.readLock()
        let wishes = wishes(manifest, lock, update: update, session)
        return wishes.isEmpty ? true : try await load(wishes, session)
    }

    /// Asks what the wishes come to, and reports what hinders.
    /// - Returns: `nil` where something does.
    func plans(_ wishes: [FetchWish], _ session: Session) async throws -> (HubFetch, [FetchPlan])? {
        let client = try HubConnection.client(options, session)
        let hub = caches.caches(session.context).hub
        let fetch = HubFetch(client, cache: hub.root, environment: session.context.environment)
        let (plans, findings) = try await fetch.plans(wishes)
        session.report(findings)
        for plan in plans { session.report(plan.findings) }
        return session.hasErrors ? nil : (fetch, plans)
    }

    /// What a manifest wants, as far as it is on the Hub: at the revisions that its lock pins, or that it asks for.
    ///
    /// - Parameters:
    ///   - lock: the lock beside it, if there is one.
    ///   - update: the entries whose pins are moved on.
    func wishes(
        _ manifest: Manifest, _ lock: Lock?, update: Resolution.Update, _ session: Session
    ) -> [FetchWish] {
        var elsewhere: [Diagnostic] = []
        let wishes = manifest.entries.compactMap { entry -> FetchWish? in
            guard let source = entry.source else { return nil }
            guard case .hub(let repository, let revision) = source else {
                if let finding = notFetched(entry.name, source, session) {
                    elsewhere.append(finding.located(at: entry.location))
                }
                return nil
            }
            let locked = update.includes(entry.name) ? nil : lock?.entry(named: entry.name)
            if let locked, locked.asked == entry.asked, locked.kind == entry.kind {
                return wish(locked)
            }
            // What else the entry asks for now is looked for at the revision that it had.
            var pin: String?
            if let locked, locked.asked.source?.hasSameBytes(as: source.text) == true,
                case .hub(_, _, let commit) = locked.origin
            {
                pin = commit
            }
            return FetchWish(
                subject: entry.name, repository: repository, revision: revision, pin: pin,
                filter: entry.filter)
        }
        session.report(elsewhere)
        return wishes
    }

    /// What a lock pins, as far as it is on the Hub.
    func wishes(_ lock: Lock) -> [FetchWish] { lock.entries.compactMap(wish) }

    private func wish(_ locked: LockedEntry) -> FetchWish? {
        guard case .hub(let repository, let ref, let commit) = locked.origin else { return nil }
        var files: [RelativePath: FetchWish.Content] = [:]
        for file in locked.files {
            files[file.path] = FetchWish.Content(size: file.size, sha256: file.sha256)
        }
        return FetchWish(
            subject: locked.name, repository: repository, revision: ref, pin: commit,
            filter: FileFilter(include: nil, exclude: []), locked: files)
    }

    /// What to say of an entry that fetch does not load; `nil` for one that is here.
    private func notFetched(_ name: String, _ source: Source, _ session: Session) -> Diagnostic? {
        guard case .kaggle = source else { return nil }
        let caches = caches.caches(session.context)
        if (try? caches.snapshot(for: source, pinned: nil, manifestDirectory: ".")) != nil { return nil }
        return Diagnostic(
            code: .fetchElsewhere,
            "\(name): fetch loads from the Hugging Face Hub only, and \(source.text) is on Kaggle",
            fix: "fill the kagglehub cache with kagglehub")
    }
}

/// What a fetch did or would do, for people and for `--json`.
enum FetchReport {
    /// The table of `--dry-run`.
    static func planned(_ plans: [FetchPlan], files: Bool, width: Int) -> String {
        var rows: [[String]] = []
        for plan in plans {
            let there = plan.size - plan.missing
            rows.append([
                plan.wish.subject, String(plan.commit.prefix(12)), "\(plan.files.count)",
                ByteCount.text(plan.size), ByteCount.text(there), ByteCount.text(plan.missing),
            ])
            guard files else { continue }
            for file in plan.files {
                rows.append([
                    "  " + file.path.text, "", "", ByteCount.text(file.size),
                    ByteCount.text(file.size - file.missing), ByteCount.text(file.missing),
                ])
            }
        }
        var text = Table(
            [
                .init(title: "NAME", canShrink: true), .init(title: "COMMIT", dropRank: 1),
                .init(title: "FILES", isNumber: true), .init(title: "SIZE", isNumber: true),
                .init(title: "THERE", isNumber: true), .init(title: "TO LOAD", isNumber: true),
            ], rows: rows
        ).text(width: width)
        if text.utf8.last == UInt8(ascii: "\n") { text.removeLast() }
        return text
    }

    /// The sentences at the end.
    static func loaded(_ results: [FetchResult]) -> String {
        let lines = results.map { result -> String in
            let plan = result.plan
            let commit = plan.commit.prefix(12)
            let files = Counted.text(plan.files.count, "file")
            guard result.loaded > 0 else {
                return result.findings.contains { $0.severity == .error }
                    ? "\(plan.wish.subject): not whole, at \(commit)"
                    : "\(plan.wish.subject): all there, \(files) at \(commit)"
            }
            return
                "\(plan.wish.subject): loaded \(ByteCount.text(plan.missing)) of \(ByteCount.text(plan.size)), "
                + "\(files) at \(commit)"
        }
        return lines.joined(separator: "\n")
    }

    static func json(_ result: FetchResult) -> JSON {
        guard case .object(let members) = json(result.plan) else { return .null }
        return .object(
            members + [
                JSON.Member("loaded", .integer(result.loaded)),
                JSON.Member("directory", .string(result.directory)),
                JSON.Member("whole", .bool(!result.findings.contains { $0.severity == .error })),
            ])
    }

    static func json(_ plan: FetchPlan) -> JSON {
        [
            "name": .string(plan.wish.subject), "repository": .string(plan.wish.repository.id),
            "kind": .string(plan.wish.repository.kind.rawValue), "revision": .string(plan.wish.revision),
            "commit": .string(plan.commit), "size": .integer(plan.size), "missing": .integer(plan.missing),
            "files": .array(
                plan.files.map { file in
                    [
                        "path": .string(file.path.text), "size": .integer(file.size),
                        "missing": .integer(file.missing),
                    ]
                }),
        ]
    }
}
