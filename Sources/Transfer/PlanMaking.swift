import Formats
import Manifests
import Storage

/// Compares what is wanted with what the Hub lists and with what is in the cache.
enum PlanMaking {
    /// The plan for a wish whose lock pins nothing but what is in the cache: nobody has to be asked then.
    static func withoutAsking(_ wish: FetchWish, cache: String) -> FetchPlan? {
        guard let locked = wish.locked, let commit = wish.pin,
            (try? FileStatus.existing(cache.isEmpty ? "." : cache)) ?? nil != nil,
            let writer = try? HubCacheWriter(wish.repository, cache: cache)
        else { return nil }
        var files: [FetchPlan.File] = []
        for (path, content) in locked.sorted(by: { $0.key < $1.key }) {
            guard Directory.leadsToFile(writer.file(path, commit: commit), size: content.size) else {
                return nil
            }
            files.append(
                FetchPlan.File(
                    path: path, size: content.size, missing: 0, identity: nil, xetHash: nil, needsLink: false)
            )
        }
        return FetchPlan(wish: wish, commit: commit, files: files, findings: [], listing: nil)
    }

    /// The plan for what the Hub lists.
    static func plan(
        _ wish: FetchWish, _ listing: HubListing, cache: String, environment: [String: String]
    ) -> FetchPlan {
        var files: [FetchPlan.File] = []
        var findings: [Diagnostic] = []
        let exists = (try? FileStatus.existing(cache.isEmpty ? "." : cache)) ?? nil != nil
        let writer = exists ? try? HubCacheWriter(wish.repository, cache: cache) : nil
        let store = writer.flatMap { SharedStore(cache: $0.root, environment: environment) }
        var listed: Set<RelativePath> = []
        for file in listing.files where wish.filter.accepts(file.name) {
            guard let path = RelativePath(file.name) else {
                findings.append(refused(wish, file, RelativePath.problem(file.name) ?? "is refused"))
                continue
            }
            if let locked = wish.locked, locked[path] == nil { continue }
            guard let identity = file.identity else {
                findings.append(refused(wish, file, "has no digest that could prove it"))
                continue
            }
            listed.insert(path)
            if let problem = contradiction(wish, path, identity) {
                findings.append(problem)
                continue
            }
            files.append(FetchPlan.File(path, identity, file.xetHash, listing.commit, writer, store))
        }
        if let locked = wish.locked {
            for path in locked.keys.sorted() where !listed.contains(path) {
                findings.append(
                    Diagnostic(
                        code: .downloadDiffers,
                        "\(wish.subject): the Hub does not list \(quoted(path.text)), which the lock pins",
                        notes: ["commit \(listing.commit)"], fix: "look at what happened to the repository"))
            }
        } else if files.isEmpty, findings.isEmpty {
            findings.append(
                Diagnostic(
                    code: .noFiles, "\(wish.subject): no file is wanted of \(listing.files.count)",
                    fix: "look at include and exclude"))
        }
        files.sort { $0.path < $1.path }
        return FetchPlan(
            wish: wish, commit: listing.commit, files: files, findings: findings, listing: listing)
    }

    /// What the lock pins otherwise than the Hub lists it.
    private static func contradiction(
        _ wish: FetchWish, _ path: RelativePath, _ identity: BlobIdentity
    ) -> Diagnostic? {
        guard let locked = wish.locked?[path] else { return nil }
        var notes: [String] = []
        if case .sha256(let digest) = identity.proof, digest != locked.sha256 {
            notes = [
                "expected sha256 \(locked.sha256.hex)  (from the lock)", "found    sha256 \(digest.hex)",
            ]
        } else if locked.size != identity.size {
            notes = ["expected \(locked.size) bytes  (from the lock)", "found    \(identity.size) bytes"]
        }
        guard !notes.isEmpty else { return nil }
        return Diagnostic(
            code: .downloadDiffers,
            "\(wish.subject): the Hub lists \(path.text) otherwise than the lock pins it",
            notes: notes,
            fix: "look at what happened to the repository; knapsack lock --update takes what is there now")
    }

    private static func refused(_ wish: FetchWish, _ file: HubFile, _ why: String) -> Diagnostic {
        Diagnostic(
            code: .hubFileRefused, "\(wish.subject): the Hub lists \(quoted(file.name)), which \(why)",
            fix: "leave it out with exclude, or tell the author", verdict: .undecided)
    }
}

extension FetchPlan.File {
    fileprivate init(
        _ path: RelativePath, _ identity: BlobIdentity, _ xetHash: String?, _ commit: String,
        _ writer: HubCacheWriter?, _ store: SharedStore?
    ) {
        self.path = path
        size = identity.size
        self.identity = identity
        self.xetHash = xetHash
        let presence = writer?.presence(path, commit: commit, identity) ?? .missing
        switch presence {
        case .there: (missing, needsLink) = (0, false)
        case .blobOnly: (missing, needsLink) = (0, true)
        case .missing:
            needsLink = true
            let isShared = xetHash.map { store?.has($0, size: identity.size) ?? false } ?? false
            let there = writer.map { PartialBlob.bytesThere(identity, at: $0.blob(identity.name)) } ?? 0
            missing = isShared ? 0 : max(0, identity.size - there)
        }
    }
}
