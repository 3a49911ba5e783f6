package import Formats
package import Storage

/// Decides where every file of a bundle is stored, equal files once and equal tensors once.
///
/// Pure: it works on digests alone. Of a file that shares tensors, ``Layout/own`` states which ranges are its
/// own; they are stored together, one after the other, and what they are called is up to the caller, because
/// that takes the digest of bytes that nobody has hashed together yet.
package struct TensorPlacing {
    /// Shared ranges of fewer bytes do not end or begin a segment: the record of a segment in the lock
    /// takes about 120 bytes and the page cache deals in 4,096, so that less would cost as much as it saves.
    package static let smallestSegment = 4096

    /// A file stays whole at its natural path unless it shares at least one part in this many of its bytes:
    /// a file in segments has to be put together in scratch before it can be used, and a bias of zeros that
    /// two models share is not worth that.
    static let smallestShare = 100

    /// A place that has stored bytes.
    package enum Home: Hashable {
        /// A path in the bundle.
        case path(RelativePath)
        /// The own bytes of a file in segments, by the file's digest.
        case own(SHA256Digest)
        /// A path in a base, by the digest of its lock.
        case base(SHA256Digest, RelativePath)
    }

    /// A range of stored bytes.
    package struct Piece: Equatable {
        /// What the bytes are part of.
        let home: Home
        /// The range in it, from its first byte.
        var bytes: Range<Int>
    }

    /// Where a file's content is stored.
    package enum Layout: Equatable {
        /// Whole, at this path.
        case whole(RelativePath)
        /// In pieces; `own` are the ranges of the file that are stored for it alone.
        case pieces([Piece], own: [Range<Int>])
    }

    private var locations: [SHA256Digest: [Piece]] = [:]
    /// The layouts of contents, by their digests.
    package private(set) var layouts: [SHA256Digest: Layout] = [:]

    /// Places entries in the manifest's order.
    /// - Parameter bases: what need not be stored, because bases have it; whole files of theirs are not among the entries.
    package init(_ ordered: [LockedEntry], bases: BaseContents = .none) {
        self.init(ordered, Neighbours(ordered, homes: Lock.homes(ordered)), bases)
    }

    /// Places entries in the manifest's order, files with neighbours whole.
    init(_ ordered: [LockedEntry], _ neighbours: Neighbours, _ bases: BaseContents) {
        locations = bases.tensors
        let homes = neighbours.homes(Lock.homes(ordered))
        for entry in ordered {
            var start = 0
            for file in entry.files {
                var end = start
                while end < entry.tensors.count,
                    entry.tensors[end].file == file.path
                { end += 1 }
                let own = entry.tensors[start..<end]
                start = end
                guard layouts[file.sha256] == nil else { continue }
                let path = homes[file.sha256] ?? Lock.storePath(file.sha256)
                place(file, own, whole: path, isWhole: neighbours.contents.contains(file.sha256))
            }
        }
    }

    private mutating func place(
        _ file: LockedFile, _ tensors: ArraySlice<LockedTensor>, whole path: RelativePath, isWhole: Bool
    ) {
        let (pieces, own, shared) = pieces(of: file, tensors)
        let isWorthIt =
            !isWhole && shared >= TensorPlacing.smallestSegment
            && shared >= file.size / TensorPlacing.smallestShare
        guard isWorthIt else {
            layouts[file.sha256] = .whole(path)
            for tensor in tensors {
                locations[tensor.sha256, default: []].append(Piece(home: .path(path), bytes: tensor.bytes))
            }
            return
        }
        layouts[file.sha256] = .pieces(pieces, own: own)
        // The own ranges follow one another; a tensor that is in one of them can be shared by later
        // files.
        var starts: [Int] = []
        var position = 0
        for range in own {
            starts.append(position)
            position += range.count
        }
        var index = 0
        for tensor in tensors {
            while index < own.count, own[index].upperBound < tensor.bytes.upperBound { index += 1 }
            guard index < own.count, own[index].lowerBound <= tensor.bytes.lowerBound else { continue }
            let start = starts[index] + tensor.bytes.lowerBound - own[index].lowerBound
            let piece = Piece(home: .own(file.sha256), bytes: start..<start + tensor.bytes.count)
            if locations[tensor.sha256]?.contains(piece) != true {
                locations[tensor.sha256, default: []].append(piece)
            }
        }
    }

    /// The pieces of a file in which everything that is stored already is shared, the ranges that are its
    /// own, and how many bytes are shared.
    private func pieces(
        of file: LockedFile, _ tensors: ArraySlice<LockedTensor>
    ) -> (pieces: [Piece], own: [Range<Int>], shared: Int) {
        var pieces: [Piece] = []
        var own: [Range<Int>] = []
        var ownSize = 0
        var shared = 0
        /// Tensors of this very file, as they are stored among its own bytes.
        var seen: [SHA256Digest: Piece] = [:]
        var position = 0

        func appendOwn(_ range: Range<Int>) {
            guard !range.isEmpty else { return }
            let piece = Piece(home: .own(file.sha256), bytes: ownSize..<ownSize + range.count)
            if let last = own.last, last.upperBound == range.lowerBound,
                let previous = pieces.last, previous.home == piece.home,
                previous.bytes.upperBound == ownSize
            {
                own[own.count - 1] = last.lowerBound..<range.upperBound
                pieces[pieces.count - 1].bytes = previous.bytes.lowerBound..<piece.bytes.upperBound
            } else {
                own.append(range)
                pieces.append(piece)
            }
            ownSize += range.count
        }

        for tensor in tensors {
            appendOwn(position..<tensor.bytes.lowerBound)
            position = tensor.bytes.upperBound
            var known = locations[tensor.sha256] ?? []
            if let own = seen[tensor.sha256] { known.append(own) }
            // What goes on where the last piece ended needs no segment of its own, however small it is.
            if let last = pieces.last,
                let next = known.first(where: {
                    $0.home == last.home && $0.bytes.lowerBound == last.bytes.upperBound
                        && $0.home != .own(file.sha256) && $0.bytes.count == tensor.bytes.count
                })
            {
                pieces[pieces.count - 1].bytes = last.bytes.lowerBound..<next.bytes.upperBound
                shared += next.bytes.count
            } else if tensor.bytes.count >= TensorPlacing.smallestSegment,
                // A base's lock is somebody else's: what it states of a digest may be wrong.
                let first = known.first(where: { $0.bytes.count == tensor.bytes.count })
            {
                pieces.append(first)
                shared += first.bytes.count
            } else {
                let start = ownSize
                appendOwn(tensor.bytes)
                if seen[tensor.sha256] == nil {
                    seen[tensor.sha256] = Piece(
                        home: .own(file.sha256), bytes: start..<start + tensor.bytes.count)
                }
            }
        }
        appendOwn(position..<file.size)
        return (pieces, own, shared)
    }
}
