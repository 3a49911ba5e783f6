import Caches
import Formats
import Manifests
import Storage

/// Compares what is wanted of a version with what Kaggle lists and with what is in the cache.
struct KagglePlanning {
    /// What is wanted.
    let wish: FetchWish
    /// With the version that is meant; of a competition without one.
    let handle: KaggleHandle
    /// The places of the version.
    let folder: KagglehubCacheWriter
    /// Who asks Kaggle.
    let client: KaggleClient

    /// More missing files than this may come in one archive, where all of a version are wanted and most of it is missing:
    /// two requests for each of many small files take longer than what can be lost of an archive.
    static let filesOneByOne = 500

    /// Files that are larger than this on the average, in bytes, come one by one: an archive needs room for both.
    static let smallOnTheAverage = 1 << 20

    /// Puts the parts together; nothing is asked yet. An empty text for the cache is the current directory.
    init(_ wish: FetchWish, _ handle: KaggleHandle, cache: String, _ client: KaggleClient) {
        self.wish = wish
        self.handle = handle
        folder = KagglehubCacheWriter(handle, cache: cache)
        self.client = client
    }

    /// The plan for a wish whose lock pins nothing but what is in the cache: nobody has to be asked then.
    func withoutAsking() -> FetchPlan? {
        guard let locked = wish.locked, handle.version != nil || handle.kind == .competition else {
            return nil
        }
        let isMarked = folder.isMarked
        var files: [FetchPlan.File] = []
        for (path, content) in locked.sorted(by: { $0.key < $1.key }) {
            guard isMarked || folder.isMarked(path),
                Directory.leadsToFile(folder.file(path), size: content.size)
            else { return nil }
            files.append(FetchPlan.File(path: path, size: content.size))
        }
        return plan(files, [], isWhole: false, isDone: true)
    }

    /// The plan for what Kaggle lists.
    func plan(_ listed: [KaggleFile]) throws -> FetchPlan {
        var findings: [Diagnostic] = []
        var wanted: [(path: RelativePath, file: KaggleFile)] = []
        var seen: Set<RelativePath> = []
        for file in listed where wish.filter.accepts(file.name) {
            guard let path = RelativePath(file.name), seen.insert(path).inserted else {
                findings.append(refused(file))
                continue
            }
            if let locked = wish.locked {
                guard let content = locked[path] else { continue }
                if content.size != file.size {
                    findings.append(differing(path, content, file))
                    continue
                }
            }
            wanted.append((path, file))
        }
        findings += absent(seen)
        if wish.locked == nil, wanted.isEmpty, findings.isEmpty {
            findings.append(
                Diagnostic(
                    code: .noFiles, "\(wish.subject): no file is wanted of \(listed.count)",
                    fix: "look at include and exclude"))
        }
        let isMarked = folder.isMarked
        let isWhole = wanted.count == listed.count
        var files = wanted.map { place($0.path, $0.file, isMarked) }
        let left = files.count { $0.identity != nil }
        if isWhole, isBetterInArchive(files, left) {
            files = [try archive(wanted.saturatedSum(\.file.size))]
        }
        files.sort { $0.path < $1.path }
        // A version that kagglehub takes for whole needs no other marker.
        return plan(
            files, findings, isWhole: isWhole, wanted, isDone: left == 0 && (isMarked || !isWhole)
        )
    }

    private func isBetterInArchive(_ files: [FetchPlan.File], _ left: Int) -> Bool {
        guard left > KagglePlanning.filesOneByOne else { return false }
        let size = files.saturatedSum(\.size)
        let missing = files.saturatedSum(\.missing)
        return missing / left <= KagglePlanning.smallOnTheAverage && missing >= size / 2
    }

    /// The plan for what comes as an archive of which nobody knows what is in it.
    func unlisted() throws -> FetchPlan {
        if folder.isMarked, let files = filesOfMarked() {
            return plan(files, [], isWhole: true, isDone: true)
        }
        let size = wish.locked.map { $0.values.saturatedSum(\.size) }
        return plan([try archive(size)], [], isWhole: false, isDone: false)
    }

    /// The files of a version that is marked; `nil` where they are not those that a lock pins.
    private func filesOfMarked() -> [FetchPlan.File]? {
        guard let snapshot = try? KagglehubCache(root: folder.root).snapshot(handle) else { return nil }
        var sizes: [RelativePath: Int] = [:]
        for file in snapshot.files where wish.filter.accepts(file.path) {
            sizes[file.path] = file.status.size
        }
        if let locked = wish.locked {
            guard locked.allSatisfy({ sizes[$0.key] == $0.value.size }) else { return nil }
            sizes = sizes.filter { locked[$0.key] != nil }
        }
        guard !sizes.isEmpty else { return nil }
        return sizes.sorted { $0.key < $1.key }.map { FetchPlan.File(path: $0.key, size: $0.value) }
    }

    /// - Parameter listed: the files that are wanted, as far as they are listed.
    private func plan(
        _ files: [FetchPlan.File], _ findings: [Diagnostic], isWhole: Bool,
        _ listed: [(path: RelativePath, file: KaggleFile)] = [],
        isDone: Bool
    ) -> FetchPlan {
        FetchPlan(
            wish: wish, origin: .kaggle(handle), files: files, findings: findings,
            destination: KaggleDestination(
                wish, handle, folder, client, KaggleReceipt(isWhole: isWhole, listed.map(\.path)),
                listed: Dictionary(
                    listed.map { ($0.path, handle.kind.listsSizes ? $0.file.size : nil) }
                ) { first, _ in first },
                isDone: isDone))
    }

    /// Where a listed file is now.
    private func place(
        _ path: RelativePath, _ file: KaggleFile, _ isMarked: Bool
    ) -> FetchPlan.File {
        let name = folder.file(path)
        let isThere = Directory.leadsToFile(name, size: file.size)
        if isThere, isMarked || folder.isMarked(path), !isOutdated(name, file) {
            return FetchPlan.File(path: path, size: file.size)
        }
        let partial = PartialBlob.bytesThere(size: file.size, at: folder.staging(path))
        return FetchPlan.File(
            path: path, BlobIdentity(proof: .size(""), size: file.size),
            missing: isThere ? 0 : max(0, file.size - partial))
    }

    /// Whether a file may be another one than it was when it was loaded: what has no versions changes.
    private func isOutdated(_ name: String, _ file: KaggleFile) -> Bool {
        guard handle.kind == .competition, let created = file.created,
            let found = (try? FileStatus.existing(name)) ?? nil
        else { return false }
        return created > found.modified / 1_000_000_000
    }

    /// The archive of all files.
    /// - Parameter unpacked: how many bytes come out of it, if that is known.
    private func archive(_ unpacked: Int?) throws -> FetchPlan.File {
        let source = KaggleSource(client, KaggleCall.archive(handle), of: handle.kind, file: nil, size: nil)
        let identity: BlobIdentity
        do {
            identity = try client.requester.patience.again { try source.identity() }
        } catch is KaggleUnsized {
            identity = KaggleTarget.unsized
        }
        let earlier = KaggleUnpacking.taken(identity, folder, wish)
        let there = PartialBlob.bytesThere(identity, at: folder.archive, taken: earlier.taken)
        let missing = max(0, identity.size - there)
        // What comes out, and what of the archive waits to be unpacked.
        let comes = max(0, (unpacked ?? identity.size) - earlier.unpacked)
        return FetchPlan.File(
            path: "(archive)", identity, missing: missing,
            room: comes.saturated(adding: min(missing, PartialBlob.window)), isArchive: true)
    }

    private func refused(_ file: KaggleFile) -> Diagnostic {
        let why = RelativePath.problem(file.name) ?? "is there twice"
        return Diagnostic(
            code: .fetchFileRefused, "\(wish.subject): Kaggle lists \(quoted(file.name)), which \(why)",
            fix: "leave it out with exclude, or tell the author", verdict: .undecided)
    }

    /// What the lock pins and Kaggle does not list.
    private func absent(_ listed: Set<RelativePath>) -> [Diagnostic] {
        (wish.locked ?? [:]).keys.sorted().filter { !listed.contains($0) }.map { path in
            Diagnostic(
                code: .downloadDiffers,
                "\(wish.subject): Kaggle does not list \(quoted(path.text)), which the lock pins",
                notes: [handle.text], fix: "look at what happened at \(client.endpoint.page(handle))")
        }
    }

    private func differing(
        _ path: RelativePath, _ content: FetchWish.Content, _ file: KaggleFile
    ) -> Diagnostic {
        Diagnostic(
            code: .downloadDiffers,
            "\(wish.subject): Kaggle lists \(path.text) otherwise than the lock pins it",
            notes: ["expected \(content.size) bytes  (from the lock)", "found    \(file.size) bytes"],
            fix:
                "look at what happened to the source; knapsack lock {manifest} --update \(wish.subject) takes what is there now"
        )
    }
}
