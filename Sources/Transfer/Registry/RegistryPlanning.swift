import Caches
import Formats
import Manifests
import Storage

/// Compares what is wanted of an artifact with what the registry lists and with what is in the store.
struct RegistryPlanning {
    private let wish: FetchWish
    private let listing: RegistryListing
    private let store: RegistryStore
    private let client: RegistryClient

    /// Prepares the plan of one wish.
    init(_ wish: FetchWish, _ listing: RegistryListing, _ store: RegistryStore, _ client: RegistryClient) {
        self.wish = wish
        self.listing = listing
        self.store = store
        self.client = client
    }

    /// The plan; nobody is asked.
    func plan() -> FetchPlan {
        let writer = RegistryStoreWriter(store: store, source: listing.source, manifest: listing.manifest)
        let (files, findings) = files(listing.files, writer)
        return FetchPlan(
            wish: wish, origin: .registry(listing.source, manifest: listing.manifest), files: files,
            findings: findings,
            destination: RegistryDestination(
                subject: wish.subject, writer: writer, client: client,
                documents: listing.documents.map { $0[...] } + unpacked(files),
                isPinned: wish.pin != nil))
    }

    /// The contents of wanted files that are in archives.
    private func unpacked(_ files: [FetchPlan.File]) -> [ArraySlice<UInt8>] {
        guard !listing.unpacked.isEmpty else { return [] }
        let wanted = Set(files.map(\.path))
        return listing.files.compactMap { wanted.contains($0.path) ? listing.unpacked[$0.sha256] : nil }
    }

    /// The files that are wanted, and what hinders.
    private func files(
        _ listed: [RegistryArtifact.File], _ writer: RegistryStoreWriter
    ) -> ([FetchPlan.File], [Diagnostic]) {
        var files: [FetchPlan.File] = []
        var findings: [Diagnostic] = []
        var there: Set<RelativePath> = []
        var contents: Set<SHA256Digest> = []
        for file in listed where wish.filter.accepts(file.path) {
            if let locked = wish.locked {
                guard let content = locked[file.path] else { continue }
                there.insert(file.path)
                guard content.sha256 == file.sha256, content.size == file.size else {
                    findings.append(differs(file, content))
                    continue
                }
            }
            let isFirst = contents.insert(file.sha256).inserted
            files.append(planned(file, writer, isFirst: isFirst))
        }
        for path in (wish.locked ?? [:]).keys.sorted() where !there.contains(path) {
            findings.append(
                Diagnostic(
                    code: .downloadDiffers,
                    "\(wish.subject): the registry does not list \(quoted(path.text)), which the lock pins",
                    notes: ["manifest sha256:\(writer.manifest.hex)"],
                    fix: "look at what happened to the artifact"))
        }
        if wish.locked == nil, files.isEmpty, findings.isEmpty {
            findings.append(
                Diagnostic(
                    code: .noFiles, "\(wish.subject): no file is wanted of \(listed.count)",
                    fix: "look at include and exclude"))
        }
        return (files, findings)
    }

    /// - Parameter isFirst: whether no other file has the content, which would bring it along.
    private func planned(
        _ file: RegistryArtifact.File, _ writer: RegistryStoreWriter, isFirst: Bool
    ) -> FetchPlan.File {
        if writer.has(file) { return FetchPlan.File(path: file.path, size: file.size) }
        let identity = BlobIdentity(proof: .sha256(file.sha256), size: file.size)
        let blob = writer.blob(file.sha256)
        if listing.unpacked[file.sha256] != nil {
            let room = isFirst && !Directory.leadsToFile(blob, size: file.size) ? file.size : 0
            return FetchPlan.File(path: file.path, identity, missing: 0, room: room)
        }
        let isLoaded = isFirst && !Directory.leadsToFile(blob, size: file.size)
        let there = isLoaded ? PartialBlob.bytesThere(identity, at: blob) : 0
        return FetchPlan.File(
            path: file.path, identity, missing: isLoaded ? max(0, file.size - there) : 0)
    }

    private func differs(_ file: RegistryArtifact.File, _ locked: FetchWish.Content) -> Diagnostic {
        Diagnostic(
            code: .downloadDiffers,
            "\(wish.subject): the registry lists \(file.path.text) otherwise than the lock pins it",
            notes: [
                "expected sha256 \(locked.sha256.hex)  (from the lock)", "found    sha256 \(file.sha256.hex)",
            ],
            fix:
                "look at what happened to the artifact; knapsack lock {manifest} --update \(wish.subject) takes what is there now"
        )
    }
}
