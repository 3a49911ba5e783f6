import Caches
import Formats
import Manifests
import ModelFacts
import Service
import Storage

extension MarketReader {
    /// The most records of one kind.
    private static let most = 500

    /// What is wrong in the caches, with sizes and what to do. By names, sizes and what is remembered: no content is read.
    func health() -> JSON {
        let (own, more) = (caches.inventory(), uploads?.inventory())
        let inventory = Inventory(
            items: own.items + (more?.items ?? []), problems: own.problems + (more?.problems ?? []))
        var examined = Examination()
        for item in inventory.items {
            let name = MarketItem(item)?.id ?? item.snapshot.directory
            examined.add(item, name, prover)
        }
        return [
            "caches": .array(places(inventory)),
            "incomplete": .array(Array(examined.incomplete.prefix(MarketReader.most))),
            "corrupted": .array(Array(examined.corrupted.prefix(MarketReader.most))),
            "unverified": .array(Array(examined.unverified.prefix(MarketReader.most))),
            "double": .array(Array(doubles(inventory).prefix(MarketReader.most))),
            "unfinished": .array(Array(unfinished().prefix(MarketReader.most))),
            "problems": .array(
                inventory.problems.filter { $0.severity != .note }.prefix(MarketReader.most).map(\.json)),
        ]
    }

    private func places(_ inventory: Inventory) -> [JSON] {
        func place(_ name: String, _ root: String, _ isIn: (Origin) -> Bool) -> JSON {
            let items = inventory.items.filter {
                isIn($0.snapshot.origin) && isUploaded($0) == (root.hasSameBytes(as: uploads?.root ?? ""))
            }
            let real = try? Directory.realPath(root.isEmpty ? "." : root)
            let free = real.flatMap { try? Directory.freeBytes(at: $0) }
            return [
                "name": .string(name), "path": .string(FileWalk.shown(root)), "exists": .bool(real != nil),
                "revisions": .integer(items.count), "size": .integer(MarketReader.size(items)),
                "free": free.map(JSON.integer) ?? .null,
            ]
        }
        let isKaggle = { (origin: Origin) in if case .kaggle = origin { true } else { false } }
        let usual = [
            place("Hugging Face", caches.hub.root) { if case .hub = $0 { true } else { false } },
            place("Kaggle", caches.kagglehub.root, isKaggle),
        ]
        return usual + (uploads.map { [place("uploads of Kaggle's clients", $0.root, isKaggle)] } ?? [])
    }

    /// Whether something is of what Kaggle's clients uploaded.
    private func isUploaded(_ item: Inventory.Item) -> Bool {
        uploads.map { Path.isInside(item.snapshot.directory, $0.root) } ?? false
    }

    /// The bytes of the files, content that several share once.
    private static func size(_ items: [Inventory.Item]) -> Int {
        var seen: Set<FilePlace> = []
        return items.flatMap(\.snapshot.files).saturatedSum {
            seen.insert(FilePlace($0.status)).inserted ? $0.status.size : 0
        }
    }

    /// Content that is on the disk more than once, as far as names or remembered digests show it.
    private func doubles(_ inventory: Inventory) -> [JSON] {
        let files = inventory.items.flatMap(\.snapshot.files).filter { $0.status.size >= 1 << 16 }
        let known = digests?.known(of: files.map(\.status)) ?? files.map { _ in nil }
        var groups: [ExactName: [FilePlace: CachedFile]] = [:]
        for (file, known) in zip(files, known) {
            guard let digest = known?.digests.sha256.hex ?? MarketReader.statedDigest(file) else { continue }
            groups[ExactName(digest), default: [:]][FilePlace(file.status)] = file
        }
        let several = groups.filter { $0.value.count > 1 }.map { digest, files in
            (
                digest: digest, size: files.values.first?.status.size ?? 0,
                paths: files.values.map(\.location).sortedByBytes()
            )
        }
        func wasted(_ size: Int, _ count: Int) -> Int {
            size.multipliedReportingOverflow(by: max(0, count - 1)).partialValue
        }
        return several.sorted {
            let (left, right) = (wasted($0.size, $0.paths.count), wasted($1.size, $1.paths.count))
            return left == right ? $0.digest < $1.digest : left > right
        }.map { group in
            [
                "sha256": .string(group.digest.text), "size": .integer(group.size),
                "wasted": .integer(wasted(group.size, group.paths.count)),
                "count": .integer(group.paths.count),
                "paths": .array(group.paths.prefix(20).map { .string(FileWalk.shown($0)) }),
                "fix": "a bundle stores it once; on this disk, remove the copy that no program needs",
            ]
        }
    }

    private static func statedDigest(_ file: CachedFile) -> String? {
        for evidence in file.evidence { if case .sha256(let digest, _) = evidence { return digest.hex } }
        return nil
    }

    /// Parts of downloads that were broken off.
    private func unfinished() -> [JSON] {
        caches.hub.unfinished().map { part in
            [
                "id": .string(MarketItem.id(.hub(part.repository, revision: "main"))),
                "path": .string(FileWalk.shown(part.path)), "size": .integer(part.size),
                "fix":
                    "download it again, which goes on; or remove the file if nothing is being downloaded",
            ]
        }
    }
}

/// Which file it is, whatever it is called.
private struct FilePlace: Hashable {
    let device: UInt64
    let inode: UInt64

    init(_ status: FileStatus) { (device, inode) = (status.device, status.inode) }
}

/// What is found when revisions are gone through.
private struct Examination {
    var incomplete: [JSON] = []
    var corrupted: [JSON] = []
    var unverified: [JSON] = []

    mutating func add(_ item: Inventory.Item, _ name: String, _ prover: FileProver) {
        let snapshot = item.snapshot
        let revision = JSON.string(MarketItem(item)?.revision ?? "")
        let present = Set(snapshot.files.map(\.path))
        let missing = (snapshot.listed ?? [:]).filter { !present.contains($0.key) }
        let errors = snapshot.problems.filter { $0.severity == .error }
        let download = snapshot.origin.downloadCommand
        if !missing.isEmpty || !errors.isEmpty {
            incomplete.append([
                "id": .string(name), "revision": revision, "missing": .integer(missing.count),
                "size": .integer(missing.values.saturatedSum(\.size)),
                "files": .array(missing.keys.sorted().prefix(20).map { .string($0.text) }),
                "problems": .array(errors.prefix(5).map { .string($0.message) }),
                "fix": download.map(JSON.string) ?? .null,
            ])
        }
        var waiting: [CachedFile] = []
        var unstated: [CachedFile] = []
        for file in snapshot.files {
            switch file.evidence.isEmpty ? nil : prover.known(file) {
            case .proved?: break
            case .refuted?, .unreadable?:
                corrupted.append([
                    "id": .string(name), "revision": revision, "file": .string(file.path.text),
                    "path": .string(FileWalk.shown(file.location)), "size": .integer(file.status.size),
                    "fix": .string(
                        "delete that file, and download it again" + (download.map { ": \($0)" } ?? "")),
                ])
            case nil where file.evidence.isEmpty: unstated.append(file)
            case nil: waiting.append(file)
            }
        }
        for (files, reason, fix) in [
            (waiting, "not hashed yet", "it is hashed while the server runs, one file after another"),
            (
                unstated, "the cache does not state what they have to be",
                "a lock states their SHA-256: knapsack lock"
            ),
        ] where !files.isEmpty {
            unverified.append([
                "id": .string(name), "revision": revision, "files": .integer(files.count),
                "size": .integer(files.saturatedSum(\.status.size)), "reason": .string(reason),
                "fix": .string(fix),
            ])
        }
    }
}
