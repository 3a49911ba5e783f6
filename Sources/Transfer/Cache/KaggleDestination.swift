import Formats
import Manifests
import Storage
import Synchronization

/// The version that receives the files of a plan.
final class KaggleDestination: FetchDestination {
    private let wish: FetchWish
    private let handle: KaggleHandle
    private let folder: KagglehubCacheWriter
    private let client: KaggleClient
    private let receipt: KaggleReceipt
    /// What an archive becomes.
    private let unpacking: KaggleUnpacking
    /// Whether nothing is left to do.
    private let isDone: Bool
    /// The sources that were asked for so far: what the store states of a file is known to its source.
    private let sources = Mutex<[RelativePath: KaggleSource]>([:])
    private let archive = Mutex<KaggleSource?>(nil)

    /// Puts together what a plan was made from; nothing is made or asked. `isDone` is whether nothing is left to do.
    init(
        _ wish: FetchWish, _ handle: KaggleHandle, _ folder: KagglehubCacheWriter, _ client: KaggleClient,
        _ receipt: KaggleReceipt, listed: [RelativePath: Int?], isDone: Bool
    ) {
        self.wish = wish
        self.handle = handle
        self.folder = folder
        self.client = client
        self.receipt = receipt
        unpacking = KaggleUnpacking(
            folder, wish, listed, receipt, client.requester.patience.cancellation)
        self.isDone = isDone
    }

    var directory: String { folder.data }
    var cache: String { folder.root }
    var sharedContents: String? { nil }
    var otherDirectories: [String] { folder.directories }
    var unpacked: Int? { receipt.unpacked }

    func prepare() throws {
        guard !isDone else { return }
        try Directory.make(folder.staging)
    }

    func source(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobSource { source(of: file) }

    private func source(of file: FetchPlan.File) -> KaggleSource {
        guard !file.isArchive else {
            return archive.withLock { archive in
                let source =
                    archive
                    ?? KaggleSource(
                        client, KaggleCall.archive(handle), of: handle.kind, file: nil, size: file.size)
                archive = source
                return source
            }
        }
        return sources.withLock { sources in
            if let known = sources[file.path] { return known }
            let made = KaggleSource(
                client, KaggleCall.file(handle, file.path), of: handle.kind, file: file.path.text,
                size: file.size)
            sources[file.path] = made
            return made
        }
    }

    func target(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobTarget {
        KaggleTarget(
            folder: folder, source: source(of: file),
            path: file.isArchive ? folder.archive : folder.staging(file.path),
            file: file.isArchive ? nil : folder.file(file.path), locked: locked(file),
            unpacking: file.isArchive ? unpacking : nil)
    }

    func name(of file: FetchPlan.File, _ identity: BlobIdentity) -> any BlobName {
        let cancellation = client.requester.patience.cancellation
        if file.isArchive {
            return KaggleArchiveName(
                unpacking: unpacking, source: source(of: file), receipt: receipt,
                isLocked: wish.locked != nil)
        }
        return KaggleName(
            folder: folder, source: source(of: file), path: file.path, content: folder.staging(file.path),
            size: handle.kind.listsSizes ? file.size : nil, locked: locked(file), receipt: receipt,
            cancellation: cancellation)
    }

    private func locked(_ file: FetchPlan.File) -> SHA256Digest? {
        file.isArchive ? nil : wish.locked?[file.path]?.sha256
    }

    /// Makes kagglehub's markers, and removes what was kept until then.
    func finish() throws -> [Diagnostic] {
        guard !isDone else { return [] }
        let (isWhole, files) = receipt.content
        if isWhole {
            try AtomicFile.synchronizeDirectory(of: folder.data)
            try folder.mark()
        } else {
            for file in files { try folder.mark(file) }
        }
        folder.clear(isWhole: isWhole)
        let names = receipt.unproved
        guard !names.isEmpty else { return [] }
        let more = names.count > 5 ? ["… and \(names.count - 5) more"] : []
        return [
            Diagnostic(
                code: .fetchUnproved,
                "\(wish.subject): Kaggle states no MD5 of \(Counted.text(names.count, "file")): only sizes were compared",
                notes: names.prefix(5).map { quoted($0) } + more,
                fix: "lock it: from then on the lock proves it")
        ]
    }
}
