import Formats
import Storage

/// What bases have, and where: contents by their digests. A base that refers to another one has its contents there, so
/// that what is found here is stored bytes, however many generations there are.
package struct BaseContents: Sendable {
    /// Where files are that bases have: whole, or in segments of theirs; with their sizes in bytes.
    private var files: [SHA256Digest: (size: Int, placement: Placement)] = [:]
    /// Where tensors are in stored files of bases, by the digests of their bytes.
    private(set) var tensors: [SHA256Digest: [TensorPlacing.Piece]] = [:]
    private var asked: [LockedBase] = []
    private var others: [LockedBase] = []

    /// No bases.
    package static let none = BaseContents()

    private init() {}

    /// Collects what bases have, the first of them first.
    /// - Parameter bundle: states how much equal content is shared.
    package init(_ bases: [BaseBundle], for bundle: BundleSettings) {
        asked = bases.map(\.locked)
        others = bases.flatMap(\.lock.bases).map { base in
            LockedBase(asked: nil, name: base.name, attach: base.attach, sha256: base.sha256)
        }
        guard bundle.deduplication != .none else { return }
        for base in bases {
            for entry in base.lock.packed { add(entry, of: base, tensors: bundle.deduplication == .tensor) }
        }
    }

    private mutating func add(_ entry: LockedEntry, of base: BaseBundle, tensors sharesTensors: Bool) {
        var rest = entry.tensors[...]
        for file in entry.files {
            let own = rest.prefix { $0.file == file.path }
            rest = rest.dropFirst(own.count)
            guard file.size > 0 else { continue }
            let segments = BaseContents.segments(of: file, of: entry, in: base.sha256)
            // Of equal files the first is enough.
            let isNew = files[file.sha256] == nil
            if let only = segments.first, segments.count == 1, !file.isInSegments, let digest = only.base {
                // Whole is better than in segments, which a loader has to put together.
                if files[file.sha256].map({ BaseContents.isInSegments($0.placement) }) ?? true {
                    files[file.sha256] = (file.size, .base(digest, only.at))
                }
            } else if files[file.sha256] == nil {
                files[file.sha256] = (file.size, .segments(segments))
            }
            if sharesTensors, isNew { add(own, in: segments) }
        }
    }

    /// Tensors that are in one piece; both are in the order of their bytes.
    private mutating func add(_ own: ArraySlice<LockedTensor>, in segments: [Segment]) {
        var index = 0
        var start = 0
        for tensor in own {
            while index < segments.count, start + segments[index].length <= tensor.bytes.lowerBound {
                start += segments[index].length
                index += 1
            }
            guard index < segments.count, start <= tensor.bytes.lowerBound,
                tensor.bytes.upperBound <= start + segments[index].length, let base = segments[index].base
            else { continue }
            let offset = segments[index].offset + tensor.bytes.lowerBound - start
            let piece = TensorPlacing.Piece(
                home: .base(base, segments[index].at), bytes: offset..<offset + tensor.bytes.count)
            tensors[tensor.sha256, default: []].append(piece)
        }
    }

    /// Where the bytes of a base's file are, all of it told with the bundle that stores it.
    private static func segments(
        of file: LockedFile, of entry: LockedEntry, in base: SHA256Digest
    ) -> [Segment] {
        switch file.placement {
        case .natural: [Segment(base: base, at: entry.naturalPath(of: file), offset: 0, length: file.size)]
        case .at(let path): [Segment(base: base, at: path, offset: 0, length: file.size)]
        case .base(let other, let path): [Segment(base: other, at: path, offset: 0, length: file.size)]
        case .segments(let segments):
            segments.map {
                Segment(base: $0.base ?? base, at: $0.at, offset: $0.offset, length: $0.length)
            }
        }
    }

    /// Whether bases have no file at all.
    var isEmpty: Bool { files.isEmpty }

    /// Where bases have a content: whole, or in segments; `nil` if none of them has it.
    func placement(of content: SHA256Digest) -> Placement? { files[content]?.placement }

    /// The same for a file; `nil` also where a base states another size for the digest, so that one of the two is wrong.
    func placement(of file: LockedFile) -> Placement? {
        guard let found = files[file.sha256], found.size == file.size else { return nil }
        return found.placement
    }

    private static func isInSegments(_ placement: Placement) -> Bool {
        if case .segments = placement { true } else { false }
    }

    /// The bases to state in the lock of these entries: all that were asked for, and those of their own that are used.
    func stated(for entries: [LockedEntry]) -> [LockedBase] {
        let used = Lock(bundle: .nameless, entries: entries).usedBases
        var known = Set(asked.map(\.sha256))
        return asked + others.filter { used.contains($0.sha256) && known.insert($0.sha256).inserted }
    }
}

extension LockedFile {
    fileprivate var isInSegments: Bool { if case .segments = placement { true } else { false } }
}

extension BundleSettings {
    /// Settings for a lock that is only looked through.
    fileprivate static let nameless = BundleSettings(
        name: "", owner: nil, title: "", subtitle: nil, license: "", keywords: [], deduplication: .none)
}

/// The files of entries that bases have, and the entries without them, for which places are looked for.
struct BaseSplit {
    /// The entries without the files that bases have.
    let rest: [LockedEntry]
    private let bases: BaseContents
    private var inseparable: Set<SHA256Digest> = []

    /// Takes what bases have out of entries, which are in the manifest's order.
    init(_ ordered: [LockedEntry], _ bases: BaseContents) {
        self.bases = bases
        guard !bases.isEmpty else {
            rest = ordered
            return
        }
        let inseparable = Neighbours.inseparable(ordered) { digest in
            if case .base(let base, let path)? = bases.placement(of: digest) { (base, path) } else { nil }
        }
        self.inseparable = inseparable
        rest = ordered.map { entry in
            let files = entry.files.filter {
                inseparable.contains($0.sha256) || bases.placement(of: $0) == nil
            }
            guard files.count < entry.files.count else { return entry }
            let paths = Set(files.map(\.path))
            return entry.with(files: files, tensors: entry.tensors.filter { paths.contains($0.file) })
        }
    }

    /// The entries with all their files: those of the rest as a lock places them, the others in their bases.
    func joined(_ ordered: [LockedEntry], _ placed: Lock) -> [LockedEntry] {
        ordered.map { entry in
            var files = placed.entry(named: entry.name)?.files[...] ?? []
            return entry.with(
                files: entry.files.map { file in
                    if files.first?.path == file.path { return files.popFirst() ?? file }
                    return bases.placement(of: file).map(file.placed) ?? file
                })
        }
    }
}
