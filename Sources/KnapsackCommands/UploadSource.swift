import Bundles
import Caches
import Formats
import Locking
import Manifests
import Rules
import Storage

/// Where a bundle is uploaded to.
enum UploadPlace: Equatable {
    /// To Kaggle, as `[bundle]` states it.
    case kaggle
    /// To a repository on the Hub.
    case hub(HubRepository)

    /// Reads the value of `--to`; `nil` for what is no place.
    init?(_ text: String) {
        if text.hasSameBytes(as: "kaggle") {
            self = .kaggle
            return
        }
        guard case .hub(let repository, let revision)? = try? Source.parse(text), repository.kind != .kernel,
            repository.id.utf8.contains(UInt8(ascii: "/")), revision.hasSameBytes(as: "main"),
            !text.utf8.contains(UInt8(ascii: "@"))
        else { return nil }
        self = .hub(repository)
    }
}

/// What is uploaded: a packed bundle, or a manifest with its lock.
struct UploadSource {
    private let target: String
    private let caches: CacheOptions

    /// Takes what was named; nothing is read yet.
    init(_ target: String, _ caches: CacheOptions) {
        self.target = target
        self.caches = caches
    }

    /// Checks it, and finds all files.
    /// - Parameter place: `nil` for a place that has no rules of its own.
    /// - Returns: `nil` where something was reported that hinders.
    func read(for place: UploadPlace?, _ session: Session) async throws -> OutgoingBundle? {
        if FileStatus.isDirectory(target) {
            return try await packed(target, for: place, session)
        }
        let source = ManifestArgument.named(target)
        let manifest = try source.read()
        guard let lock = try source.readLock() else {
            session.report([Locking.missing(source)])
            return nil
        }
        let plan = try Plan(lock)
        session.report(
            try Check.findings(manifest, lock, stale: Freshness.findings(manifest, lock), plan: plan))
        guard !session.hasErrors else { return nil }
        // A bundle of the same lock is read in place of the caches.
        let beside = lock.bundle.name
        if FileStatus.isDirectory(beside), try holds(beside, lock) {
            session.say("reading the bundle \(beside)")
            return try await packed(beside, for: nil, session)
        }
        let directory = Path.parent(target)
        let found = caches.caches(session.context)
        let (_, findings) = try await LockedConversions.materialize(
            lock, caches: found, directory: directory,
            index: session.context.cacheDirectory.flatMap(DigestIndex.open(inDirectory:)),
            progress: session.progress)
        session.report(findings)
        guard !session.hasErrors else { return nil }
        return try await OutgoingBundle.planned(
            plan, caches: found, directory: directory, progress: session.progress)
    }

    private func holds(_ bundle: String, _ lock: Lock) throws -> Bool {
        let path = Lock.bundledName.joined(to: bundle)
        guard let bytes = try? FileReader.contents(of: path, limit: Lock.sizeLimit) else { return false }
        return bytes == lock.bytes
    }

    /// - Parameter place: `nil` where the manifest was checked.
    private func packed(
        _ directory: String, for place: UploadPlace?, _ session: Session
    ) async throws -> OutgoingBundle? {
        let (bundle, findings) = try await OutgoingBundle.packed(directory, progress: session.progress)
        session.report(findings.filter { $0.severity != .note })
        guard let bundle, !session.hasErrors else { return nil }
        if place == .kaggle {
            let path = Lock.bundledName.joined(to: directory)
            session.report(Check.packed(bundle.lock, try Plan(bundle.lock), path: path))
        }
        return session.hasErrors ? nil : bundle
    }
}
