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
    /// What Kaggle's clients uploaded; `nil` where they cannot.
    let uploads: KagglehubCache?
    /// What states which files hold.
    let prover: FileProver
    /// The digests that are remembered.
    let digests: DigestIndex?
    /// Where the command runs.
    let session: Session
    private let index: ValueIndex?

    /// The newest revisions of each id of the caches, that which lists show first. What the catalogue has is read when it is asked
    /// for: there may be very many.
    private let items = Mutex<[ExactName: [MarketItem]]>([:])

    /// What was read and is not in the index yet.
    private let fresh = Mutex<[(key: String, text: String)]>([])
    /// How many records are written to the index at once.
    private static let batch = 64

    /// The most bytes of a card that are sent.
    private static let cardLimit = 512 << 10

    /// Nothing is read yet.
    init(
        _ caches: Caches, _ catalogue: ModelCatalogue?, uploads: KagglehubCache? = nil, prover: FileProver,
        digests: DigestIndex?,
        _ session: Session
    ) {
        self.caches = caches
        self.catalogue = catalogue
        self.uploads = uploads
        self.prover = prover
        self.digests = digests
        self.session = session
        index = session.context.cacheDirectory.flatMap {
            ValueIndex.open(MarketReader.indexName, inDirectory: $0)
        }
    }

    // MARK: Lists

    /// Reads everything that is there.
    func read(
        _ known: [ExactName: MarketModel], _ found: (MarketModel) -> Void, progress: (Int, Int) -> Bool
    ) {
        var all: [ExactName: [MarketItem]] = [:]
        let present = caches.inventory().items + (uploads?.inventory().items ?? [])
        for item in present.compactMap(MarketItem.init) {
            all[ExactName(item.id), default: []].append(item)
        }
        for id in all.keys { all[id]?.sort(by: MarketReader.precedes) }
        items.withLock { $0 = all }
        let shown = all.sorted { $0.key < $1.key }.compactMap(\.value.first)
        guard progress(0, shown.count) else { return }
        for (number, item) in shown.enumerated() {
            if let model = model(MarketWork(item), known[ExactName(item.id)]) { found(model) }
            guard progress(number + 1, shown.count) else { return }
        }
        readCatalogue(known, found) { progress(shown.count + $0, shown.count + $1) }
        keep(1)
    }

    /// What lists show of something: as it is known, unless it has changed since.
    func model(_ work: MarketWork, open: MarketWork? = nil, _ known: MarketModel?) -> MarketModel? {
        let isSame = known?.key.hasSameBytes(as: work.key) == true
        let old = known?.open.first
        if isSame, old.map({ $0.key }) == open.map({ $0.key }) { return known }
        guard var model = MarketModel(record(of: work).summary, key: work.key) else { return nil }
        if let open, let other = MarketModel(record(of: open).summary, key: open.key) { model.open = [other] }
        return model
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
    private func record(of work: MarketWork) -> MarketRecord {
        if let kept = index?.texts(for: [work.key]).first.flatMap(\.self).flatMap(MarketRecord.init) {
            return kept
        }
        let record = MarketRecord(work.item())
        fresh.withLock { $0.append((work.key, record.text)) }
        keep(MarketReader.batch)
        return record
    }

    /// Puts what was read into the index, if it is as much.
    private func keep(_ least: Int) {
        let rows = fresh.withLock { fresh in
            guard fresh.count >= least else { return [(key: String, text: String)]() }
            defer { fresh = [] }
            return fresh
        }
        index?.remember(rows)
    }

    // MARK: One model

    /// All that is known of a model.
    func details(_ model: MarketModel, revision: String?, tensors: Range<Int>) -> JSON? {
        let items =
            uploaded(model).map { [$0] } ?? self.items.withLock { $0[ExactName(model.id)] ?? [] }
        let wanted = revision.map { name in
            items.first { $0.revision.hasSameBytes(as: name) || $0.refs.containsExactly(name) }
        }
        guard let item = wanted ?? items.first else { return nil }
        let record = record(of: MarketWork(item))
        keep(1)
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
