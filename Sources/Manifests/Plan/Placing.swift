package import Formats
package import Storage

/// The own bytes of a file in segments: ranges of the file that are stored together, in this order.
package struct OwnBytes: Sendable {
    /// The entry that the file belongs to.
    package let entry: LockedEntry
    /// The file, which is a list of segments.
    package let file: LockedFile
    /// The ranges of the file, in bytes.
    package let ranges: [Range<Int>]
}

extension Lock {
    /// Decides where every file is in the bundle, and makes the lock.
    ///
    /// Nothing but the arguments decides: of the files with one content, the first whose natural path
    /// survives an upload keeps it; the others refer to it. Content without such a path goes to `store/`. A
    /// file that shares tensors with earlier ones becomes a list of segments. Files that have to be beside each other are
    /// (``Neighbours``).
    /// - Parameters:
    ///   - bundle: states how much equal content is stored once.
    ///   - ordered: the entries in the manifest's order; where their files lay before does not matter.
    ///   - bases: the bundles that it builds on, in the manifest's order: what they have is referred to.
    ///   - digest: gives the digest of a file's own bytes, by which they are stored; `nil` where it is not
    ///     known.
    /// - Returns: `nil` where a digest that is needed is not known.
    package static func placing(
        _ bundle: BundleSettings, _ ordered: [LockedEntry], bases: [BaseBundle] = [],
        own digest: (OwnBytes) throws -> SHA256Digest?
    ) rethrows -> Lock? {
        let others = ordered.filter { !$0.isPacked }
        if others.isEmpty, bases.isEmpty {
            return try placing(bundle, packed: ordered, .none, own: digest)
        }
        // What is not packed has no place, and what is equal to it is stored all the same.
        let packed = ordered.filter(\.isPacked)
        let contents = BaseContents(bases, for: bundle)
        let split = BaseSplit(packed, contents)
        let placed = try placing(bundle, packed: split.rest, contents, own: digest)
        return placed.map { lock in
            let entries =
                split.joined(packed, lock)
                + others.map { entry in entry.with(files: entry.files.map { $0.placed(.natural) }) }
            return Lock(bundle: bundle, entries: entries, bases: contents.stated(for: entries))
        }
    }

    private static func placing(
        _ bundle: BundleSettings, packed ordered: [LockedEntry], _ bases: BaseContents,
        own digest: (OwnBytes) throws -> SHA256Digest?
    ) rethrows -> Lock? {
        guard bundle.deduplication == .tensor else { return placing(bundle, ordered) }
        let neighbours = Neighbours(ordered, homes: homes(ordered))
        let layouts = TensorPlacing(ordered, neighbours, bases).layouts
        var own: [SHA256Digest: SHA256Digest] = [:]
        for need in ownBytes(ordered, layouts) {
            guard let name = try digest(need) else { return nil }
            own[need.file.sha256] = name
        }
        func segment(_ piece: TensorPlacing.Piece) -> Segment {
            let (offset, length) = (piece.bytes.lowerBound, piece.bytes.count)
            return switch piece.home {
            case .path(let path): Segment(at: path, offset: offset, length: length)
            case .own(let file): Segment(at: storePath(own[file] ?? file), offset: offset, length: length)
            case .base(let base, let path): Segment(base: base, at: path, offset: offset, length: length)
            }
        }
        return Lock(
            bundle: bundle,
            entries: ordered.enumerated().map { index, entry in
                entry.with(
                    files: entry.files.map { file in
                        if let home = neighbours.home(of: file, entry: index) {
                            return file.placed(home == entry.naturalPath(of: file) ? .natural : .at(home))
                        }
                        return switch layouts[file.sha256] {
                        case .pieces(let pieces, _)?:
                            file.placed(.segments(pieces.map(segment)))
                        case .whole(let home)?:
                            file.placed(home == entry.naturalPath(of: file) ? .natural : .at(home))
                        case nil: file
                        }
                    })
            })
    }

    /// The own bytes that a bundle stores, in the entries' order; of equal files those of the first.
    package static func ownBytes(
        _ bundle: BundleSettings, _ ordered: [LockedEntry], bases: [BaseBundle]
    ) -> [OwnBytes] {
        guard bundle.deduplication == .tensor else { return [] }
        let contents = BaseContents(bases, for: bundle)
        let rest = BaseSplit(ordered.filter(\.isPacked), contents).rest
        return ownBytes(rest, TensorPlacing(rest, bases: contents).layouts)
    }

    /// The own bytes that a placement stores, in the entries' order; of equal files those of the first.
    private static func ownBytes(
        _ ordered: [LockedEntry], _ layouts: [SHA256Digest: TensorPlacing.Layout]
    ) -> [OwnBytes] {
        var seen: Set<SHA256Digest> = []
        return ordered.flatMap { entry in
            entry.files.compactMap { file in
                guard case .pieces(_, let ranges)? = layouts[file.sha256], !ranges.isEmpty,
                    seen.insert(file.sha256).inserted
                else { return nil }
                return OwnBytes(entry: entry, file: file, ranges: ranges)
            }
        }
    }

    /// Places whole files only.
    private static func placing(_ bundle: BundleSettings, _ ordered: [LockedEntry]) -> Lock {
        let shared = bundle.deduplication == .none ? [:] : homes(ordered)
        let neighbours = Neighbours(ordered, homes: shared)
        let homes = neighbours.homes(shared)
        return Lock(
            bundle: bundle,
            entries: ordered.enumerated().map { index, entry in
                entry.with(
                    files: entry.files.map { file in
                        let natural = entry.naturalPath(of: file)
                        let survives = BundlePath.problem(natural) == nil
                        let home =
                            neighbours.home(of: file, entry: index) ?? homes[file.sha256]
                            ?? (survives ? natural : storePath(file.sha256))
                        return file.placed(home == natural ? .natural : .at(home))
                    })
            })
    }

    /// For every content, the first natural path that survives an upload; none where none does.
    static func homes(_ ordered: [LockedEntry]) -> [SHA256Digest: RelativePath] {
        var homes: [SHA256Digest: RelativePath] = [:]
        for entry in ordered {
            for file in entry.files where homes[file.sha256] == nil {
                let natural = entry.naturalPath(of: file)
                if BundlePath.problem(natural) == nil { homes[file.sha256] = natural }
            }
        }
        return homes
    }

    /// The path of content that has no natural one.
    package static func storePath(_ digest: SHA256Digest) -> RelativePath {
        RelativePath(checked: "\(BundlePath.store)/\(digest.hex)")
    }

    /// The digest under which this lock stores exactly these own bytes; `nil` where it does not.
    package func digest(of own: OwnBytes) -> SHA256Digest? {
        guard let file = entry(named: own.entry.name)?.files.first(where: { $0.path == own.file.path }),
            file.sha256 == own.file.sha256, case .segments(let segments) = file.placement
        else { return nil }
        return segments.ownContents.first { $0.value == own.ranges }?.key
    }
}

extension [Segment] {
    /// The contents of `store/` that the file of these segments can be the source of, with the ranges of
    /// the file that make them up: those that it uses from their first byte on, without a gap.
    var ownContents: [SHA256Digest: [Range<Int>]] {
        var ranges: [RelativePath: [Range<Int>]] = [:]
        var ends: [RelativePath: Int] = [:]
        var position = 0
        for segment in self {
            let range = position..<position + segment.length
            position = range.upperBound
            guard segment.base == nil, segment.at.isInside(BundlePath.store) else { continue }
            if ends[segment.at, default: 0] == segment.offset {
                ranges[segment.at, default: []].append(range)
                ends[segment.at] = segment.offset + segment.length
            } else if segment.offset >= ends[segment.at, default: 0] {
                // A gap: these are not its own bytes.
                ends[segment.at] = .max
                ranges[segment.at] = nil
            }
        }
        var result: [SHA256Digest: [Range<Int>]] = [:]
        for (path, ranges) in ranges {
            if path.components.count == 2, let digest = SHA256Digest(hex: path.name) {
                result[digest] = ranges
            }
        }
        return result
    }
}
