import Caches
import Catalogue
import Formats
import Manifests
import ModelFacts
import Service
import Storage
import Synchronization
import Tensors

/// What the marketplace knows: it reads the caches and the catalogue, and keeps what it read of each revision in an index.
final class MarketReader: MarketSource {
    /// The name of the index's file.
    static let indexName = "market.sqlite"

    /// What is looked into.
    let caches: Caches
    /// The registry's versions; `nil` where none is served.
    let catalogue: ModelCatalogue?
    /// What states which files hold.
    let prover: FileProver
    /// The digests that are remembered.
    let digests: DigestIndex?
    /// Where the command runs.
    let session: Session
    private let index: ValueIndex?
    private let state = Mutex(State())
    /// Held while headers are read for a list of tensors: a hostile one may have 100 MB, and one at a time is enough.
    private let headers = Mutex(())

    private struct State {
        /// The newest revisions of each id, that which lists show first.
        var items: [ExactName: [MarketItem]] = [:]
        /// What others see of those of the registry whose newest version is its owner's alone.
        var open: [ExactName: MarketItem] = [:]
    }

    /// The most bytes of a card that are sent.
    private static let cardLimit = 512 << 10

    /// Nothing is read yet.
    init(
        _ caches: Caches, _ catalogue: ModelCatalogue?, prover: FileProver, digests: DigestIndex?,
        _ session: Session
    ) {
        self.caches = caches
        self.catalogue = catalogue
        self.prover = prover
        self.digests = digests
        self.session = session
        index = session.context.cacheDirectory.flatMap {
            ValueIndex.open(MarketReader.indexName, inDirectory: $0)
        }
    }

    // MARK: Lists

    /// Reads everything that is there.
    func read(_ found: (MarketModel) -> Void, progress: (Int, Int) -> Void) {
        var all: [ExactName: [MarketItem]] = [:]
        let (uploaded, open) = versions()
        for item in caches.inventory().items.compactMap(MarketItem.init) + uploaded {
            all[ExactName(item.id), default: []].append(item)
        }
        for id in all.keys { all[id]?.sort(by: MarketReader.precedes) }
        let shown = all.sorted { $0.key < $1.key }.compactMap(\.value.first)
        let kept = index?.texts(for: shown.map(\.key)) ?? shown.map { _ in nil }
        var fresh: [(key: String, text: String)] = []
        progress(0, shown.count)
        for (number, (item, text)) in zip(shown, kept).enumerated() {
            let known = text.flatMap(MarketRecord.init)
            let record = known ?? MarketRecord(item)
            if known == nil { fresh.append((item.key, record.text)) }
            if fresh.count >= 64 {
                index?.remember(fresh)
                fresh = []
            }
            if var model = MarketModel(record.summary, key: item.key) {
                if let item = open[ExactName(item.id)],
                    let other = MarketModel(self.record(of: item).summary, key: item.key)
                {
                    model.open = [other]
                }
                found(model)
            }
            progress(number + 1, shown.count)
        }
        index?.remember(fresh)
        state.withLock { state in
            state.items = all
            state.open = open
        }
    }

    /// That which people mean who name no revision comes first: the branch "main", then what has a name, then the newest.
    private static func precedes(_ left: MarketItem, _ right: MarketItem) -> Bool {
        func rank(_ item: MarketItem) -> Int {
            item.refs.containsExactly("main") ? 0 : item.refs.isEmpty ? 2 : 1
        }
        if rank(left) != rank(right) { return rank(left) < rank(right) }
        if left.origin == "kaggle", let first = Int(left.revision), let second = Int(right.revision) {
            return first > second
        }
        return left.updated == right.updated
            ? left.revision.precedesByBytes(right.revision) : left.updated > right.updated
    }

    /// What was read of an item, now or before.
    private func record(of item: MarketItem) -> MarketRecord {
        if let kept = index?.texts(for: [item.key]).first.flatMap(\.self).flatMap(MarketRecord.init) {
            return kept
        }
        let record = MarketRecord(item)
        index?.remember([(item.key, record.text)])
        return record
    }

    /// What the catalogue has: the newest versions, and the repositories at their main branches.
    /// - Returns: also the newest public versions of those models whose newest version is none.
    private func versions() -> (newest: [MarketItem], open: [ExactName: MarketItem]) {
        guard let catalogue else { return ([], [:]) }
        let versions = (try? catalogue.newest()) ?? []
        var open: [ExactName: MarketItem] = [:]
        for newest in versions where newest.document["visibility"]?.string?.hasSameBytes(as: "public") != true
        {
            let other = try? catalogue.version(
                user: newest.user, model: newest.model, version: nil, isPublicOnly: true)
            guard let other else { continue }
            let item = MarketItem(other, catalogue.store)
            open[ExactName(item.id)] = item
        }
        let store = RepositoryStore(catalogue)
        let repositories = [HubRepository.Kind.model, .dataset].flatMap { (try? store.all($0)) ?? [] }
        let newest =
            versions.map { MarketItem($0, catalogue.store) }
            + repositories.compactMap { repository in
                guard let commit = try? store.commit(repository, "main"), let files = try? store.files(commit)
                else { return nil }
                return MarketItem(repository, commit, files, catalogue.store)
            }
        return (newest, open)
    }

    // MARK: One model

    /// All that is known of a model.
    func details(_ model: MarketModel, revision: String?, tensors: Range<Int>) -> JSON? {
        var items = state.withLock { $0.items[ExactName(model.id)] ?? [] }
        if items.isEmpty {
            read({ _ in }, progress: { _, _ in })
            items = state.withLock { $0.items[ExactName(model.id)] ?? [] }
        }
        let open = state.withLock { $0.open[ExactName(model.id)] }
        if let open, open.key.hasSameBytes(as: model.key) { items = [open] }
        let wanted = revision.map { name in
            items.first { $0.revision.hasSameBytes(as: name) || $0.refs.containsExactly(name) }
        }
        // Another version may have come meanwhile, which whoever asks need not be allowed to see.
        guard let item = wanted ?? items.first,
            item.origin != "catalogue" || item.key.hasSameBytes(as: model.key)
        else { return nil }
        let record = record(of: item)
        let revisions = items.map { item -> JSON in
            [
                "revision": .string(item.revision), "refs": .array(item.refs.map(JSON.string)),
                "size": .integer(item.size), "files": .integer(item.files.count),
            ]
        }
        return .object(
            (record.summary.members ?? [])
                + [
                    .init("details", record.details), .init("revisions", .array(revisions)),
                    .init("card", card(item)), .init("tensors", list(item, tensors)),
                    .init("corrupted", .array(refuted(item))),
                ])
    }

    /// The files whose content was found to be something else than the cache states.
    private func refuted(_ item: MarketItem) -> [JSON] {
        item.cached.filter { file in
            guard !file.evidence.isEmpty, case .refuted? = prover.known(file) else { return false }
            return true
        }.map { .string($0.path.text) }
    }

    /// The card's text without the YAML at its head.
    private func card(_ item: MarketItem) -> JSON {
        guard let file = item.files.first(where: { $0.path == "README.md" }), file.size > 0,
            let handle = try? FileHandle.reading(file.location),
            let bytes = try? handle.bytes(0..<min(file.size, MarketReader.cardLimit))
        else { return .null }
        return [
            "text": .string(String(decoding: ModelCard.text(of: bytes), as: UTF8.self)),
            "whole": .bool(file.size <= MarketReader.cardLimit),
        ]
    }

    /// Some of the tensors, and how many there are of each type.
    private func list(_ item: MarketItem, _ wanted: Range<Int>) -> JSON {
        headers.withLock { _ in
            var rows: [JSON] = []
            var types: [ExactName: (count: Int, bytes: Int)] = [:]
            var count = 0
            for file in item.files where MarketReader.hasTensors(file.path) {
                guard let handle = try? FileHandle.reading(file.location),
                    let reading = try? TensorFile.read(
                        name: file.path.text, fileSize: file.size,
                        bytes: { range throws(FileError) in try handle.bytes(range) }),
                    case .tensors(let found) = reading
                else { continue }
                for tensor in found.extents {
                    let type = ExactName(tensor.dtype ?? "")
                    let known = types[type] ?? (0, 0)
                    types[type] = (known.count + 1, known.bytes.saturated(adding: tensor.bytes.count))
                    if wanted.contains(count) { rows.append(MarketReader.json(tensor, file.path)) }
                    count += 1
                }
            }
            let totals = types.sorted {
                $0.value.bytes == $1.value.bytes ? $0.key < $1.key : $0.value.bytes > $1.value.bytes
            }
            return [
                "count": .integer(count), "from": .integer(wanted.lowerBound), "list": .array(rows),
                "types": .array(
                    totals.map { type, total in
                        [
                            "type": .string(type.text), "tensors": .integer(total.count),
                            "bytes": .integer(total.bytes),
                        ]
                    }),
            ]
        }
    }

    private static func hasTensors(_ path: RelativePath) -> Bool {
        ["safetensors", "gguf", "bin", "pt", "pth", "npz"].contains(path.pathExtension ?? "")
    }

    private static func json(_ tensor: TensorExtent, _ file: RelativePath) -> JSON {
        [
            "name": .string(tensor.name), "file": .string(file.text),
            "type": tensor.dtype.map(JSON.string) ?? .null,
            "shape": tensor.shape.map { .array($0.map(JSON.integer)) } ?? .null,
            "bytes": .integer(tensor.bytes.count),
        ]
    }
}
