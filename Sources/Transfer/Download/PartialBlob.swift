import Formats
import Storage
import Synchronization

/// A blob that is being loaded: the bytes that are there, at their places in a file beside the final name, and the journal
/// that tells the next run of them.
final class PartialBlob: Sendable {
    /// What the blob has to become.
    let identity: BlobIdentity
    private let path: String
    private let file: FileHandle
    private let journal: FileHandle
    private let state: Mutex<State>
    private let hashing: Mutex<Hashing>

    /// The most bytes that one line of the journal stands for, and that a kill costs for each connection.
    static let block = 1 << 19

    private struct State {
        /// What is in the file.
        var present: ByteRanges
        /// What is there, or somebody is loading.
        var claimed: ByteRanges
        /// Where bytes arrived that are not those that were there before: of a file that is loaded for the second time.
        var changed = ByteRanges()
        var isSecondPass = false
        /// Where somebody is who takes the bytes in their order; `nil` where nobody does.
        var reader: Int?
        /// What that one waits for, wherever it is.
        var wanted = 0..<0
        /// Up to where the room was given back.
        var given = 0
    }

    /// So many bytes are loaded before somebody who takes them in their order: more of them wait for their turn.
    static let window = 128 << 20

    /// The hashing of what is there from the beginning on.
    private struct Hashing: ~Copyable {
        var hasher: ContentHasher?
        var position = 0
    }

    /// Beside the blob's final name. Cleaners of the cache know the ending: huggingface_hub counts what ends so as
    /// interrupted downloads.
    static func partialPath(of blob: String) -> String { blob + ".knapsack.incomplete" }

    /// Beside the blob's final name.
    static func journalPath(of blob: String) -> String { blob + ".knapsack.journal" }

    /// Opens what an earlier run left, or begins anew where it left nothing, or nothing of this content.
    ///
    /// Every block that the journal names is compared with its checksum. The caller holds the blob's lock.
    /// - Parameters:
    ///   - path: the blob's final name.
    ///   - taken: how many bytes from the start on somebody took who takes all of them in their order; `nil` where nobody
    ///     does.
    init(_ identity: BlobIdentity, at path: String, taken: Int? = nil) throws {
        self.identity = identity
        self.path = path
        let partial = PartialBlob.partialPath(of: path)
        file = try FileHandle.updating(partial)
        let blocks = try PartialBlob.recover(identity, at: path, file)
        var present = ByteRanges()
        for block in blocks { present.insert(block.range) }
        present.insert(0..<(taken ?? 0))
        if present.count == 0 { try file.resize(0) }
        let lines = Journal.header(identity) + blocks.map(\.line).joined()
        let journalPath = PartialBlob.journalPath(of: path)
        try AtomicFile.write(Array(lines.utf8), to: journalPath)
        journal = try FileHandle.appending(journalPath)
        state = Mutex(State(present: present, claimed: present, reader: taken, given: taken ?? 0))
        // Whoever takes the bytes hashes them, too.
        hashing = Mutex(
            Hashing(hasher: taken == nil ? try identity.hasher() : nil, position: taken == nil ? 0 : Int.max))
    }

    /// The blocks that are in the file as the journal states.
    private static func recover(
        _ identity: BlobIdentity, at path: String, _ file: borrowing FileHandle
    ) throws -> [Journal.Block] {
        guard let known = Journal.read(journalPath(of: path), of: identity),
            try file.status().size <= identity.size
        else { return [] }
        return try known.blocks.filter { block in
            guard block.range.count <= PartialBlob.block else { return false }
            let bytes = try file.bytes(block.range)
            return bytes.count == block.range.count && BlockChecksum.of(bytes.span) == block.checksum
        }
    }

    /// How many bytes of a blob an earlier run left, by its journal alone; the file is not read.
    /// - Parameter taken: how many bytes from the start on somebody took, and does not need again.
    static func bytesThere(_ identity: BlobIdentity, at path: String, taken: Int = 0) -> Int {
        bytesThere(Journal.read(journalPath(of: path), of: identity), at: path, taken)
    }

    /// The same where nobody knows yet what the content is, but for its size.
    static func bytesThere(size: Int, at path: String) -> Int {
        bytesThere(Journal.read(journalPath(of: path), size: size), at: path)
    }

    private static func bytesThere(_ journal: Journal?, at path: String, _ taken: Int = 0) -> Int {
        guard let known = journal, let size = (try? FileStatus.existing(partialPath(of: path)))??.size
        else { return taken }
        var ranges = ByteRanges()
        ranges.insert(0..<taken)
        for block in known.blocks where block.range.upperBound <= size { ranges.insert(block.range) }
        return ranges.count
    }

    /// How many bytes are there.
    var count: Int { state.withLock { $0.present.count } }

    /// Takes the first bytes that are missing and that nobody loads, up to the end of their piece.
    /// - Returns: `nil` where there are none.
    func claim(piece: Int) -> Range<Int>? {
        state.withLock { state in
            let limit = state.reader.map { min(identity.size, $0 + PartialBlob.window) } ?? identity.size
            let wanted = state.claimed.firstGap(
                from: state.wanted.lowerBound, limit: state.wanted.upperBound)
            guard let gap = wanted ?? state.claimed.firstGap(from: 0, limit: limit) else { return nil }
            let end = min(gap.upperBound, (gap.lowerBound / piece + 1) * piece)
            state.claimed.insert(gap.lowerBound..<end)
            return gap.lowerBound..<end
        }
    }

    /// Takes everything that is missing, for a server that sends only whole files.
    /// - Returns: false where somebody else loads some of it.
    func claimAll(besides own: Range<Int>) -> Bool {
        state.withLock { state in
            var others = state.claimed
            others.remove(own)
            for range in state.present.ranges { others.remove(range) }
            guard others.count == 0 else { return false }
            state.claimed.insert(0..<identity.size)
            return true
        }
    }

    /// Gives bytes back that were claimed and did not come.
    func release(_ range: Range<Int>) {
        state.withLock { state in
            state.claimed.remove(range)
            for present in state.present.ranges { state.claimed.insert(present) }
        }
    }

    /// Somebody who takes the bytes in their order waits for these, out of it.
    func want(_ range: Range<Int>) { state.withLock { $0.wanted = range } }

    /// Somebody who takes the bytes in their order has those up to here.
    func reached(_ position: Int) { state.withLock { $0.reader = position } }

    /// Where the bytes end that are there from a position on without a gap.
    func end(from position: Int) -> Int { state.withLock { $0.present.end(from: position) } }

    /// Reads bytes that are there.
    func read(into buffer: inout Buffer, at offset: Int, _ count: Int) throws -> Int {
        try buffer.withMutableBytes(0..<count) { bytes in try file.read(into: &bytes, at: offset) }
    }

    /// Gives the room of everything before an offset back to the disk, in whole blocks.
    func giveBack(upTo end: Int) {
        let end = end / PartialBlob.block * PartialBlob.block
        let range = state.withLock { state -> Range<Int> in
            defer { state.given = max(state.given, end) }
            return min(state.given, end)..<end
        }
        file.makeHole(range)
    }

    /// Whether all bytes of a range are there.
    func has(_ range: Range<Int>) -> Bool { state.withLock { $0.present.contains(range) } }

    /// Whether all bytes are there.
    var isFull: Bool { state.withLock { $0.present.contains(0..<identity.size) } }

    /// Writes bytes that were received at their place, and notes that they are there.
    /// - Parameter bytes: at most ``block`` of them.
    func write(_ bytes: Span<UInt8>, at offset: Int) throws {
        let range = offset..<offset + bytes.count
        if state.withLock({ $0.isSecondPass && $0.reader == nil }) { try compare(bytes, range) }
        // Zeros take no room, where the file system can leave them out.
        if bytes.isZero {
            try file.write(bytes.extracting(last: 1), at: range.upperBound - 1)
            if !file.makeHole(range) { try file.write(bytes, at: offset) }
        } else {
            try file.write(bytes, at: offset)
            file.startWriteback(offset: offset, count: bytes.count)
        }
        let block = Journal.Block(range: range, checksum: BlockChecksum.of(bytes))
        try journal.write(Array(block.line.utf8).span)
        state.withLock { $0.present.insert(range) }
        try hash(bytes, at: offset)
    }

    /// Notes where bytes that are loaded again differ from those that were there.
    private func compare(_ bytes: Span<UInt8>, _ range: Range<Int>) throws {
        let old = try file.bytes(range)
        guard old.count == bytes.count else { return }
        guard let first = old.indices.first(where: { old[$0] != bytes[$0] }),
            let last = old.indices.last(where: { old[$0] != bytes[$0] })
        else { return }
        state.withLock { $0.changed.insert(range.lowerBound + first..<range.lowerBound + last + 1) }
    }

    /// Hashes bytes that are in memory still, if they are those that come next and nobody else is hashing.
    private func hash(_ bytes: Span<UInt8>, at offset: Int) throws {
        _ = try hashing.withLockIfAvailable { hashing in
            guard hashing.position == offset else { return }
            try hashing.hasher?.update(bytes)
            hashing.position += bytes.count
        }
    }

    /// Hashes what is there behind what was hashed, at most so many bytes, if nobody else does.
    func hashAhead(limit: Int, _ buffer: inout Buffer) throws {
        let present = state.withLock { $0.present }
        _ = try hashing.withLockIfAvailable { hashing in
            guard hashing.hasher != nil else { return }
            let end = present.end(from: hashing.position)
            let range = hashing.position..<min(end, hashing.position + limit)
            guard !range.isEmpty else { return }
            try file.read(range, into: &buffer) { bytes in try hashing.hasher?.update(bytes) }
            hashing.position = range.upperBound
        }
    }

    /// Hashes the rest, and forgets what was hashed.
    /// - Returns: the digests of the whole content.
    func digests(_ buffer: inout Buffer) throws -> ContentDigests {
        try hashing.withLock { hashing in
            guard var hasher = hashing.hasher.take() else { throw HashingFailure() }
            try file.read(hashing.position..<identity.size, into: &buffer) { bytes in try hasher.update(bytes)
            }
            hashing.position = Int.max
            return try hasher.finish()
        }
    }

    /// Begins again from nothing, and remembers what differs from what is there.
    func beginSecondPass() throws {
        try journal.resize(0)
        try journal.write(Array(Journal.header(identity).utf8).span)
        let isTaken = state.withLock { $0.reader != nil }
        if !isTaken {
            try hashing.withLock { hashing in
                hashing.hasher = try identity.hasher()
                hashing.position = 0
            }
        }
        state.withLock { state in
            if state.reader != nil { (state.reader, state.wanted, state.given) = (0, 0..<0, 0) }
            state.present = ByteRanges()
            state.claimed = ByteRanges()
            state.isSecondPass = true
        }
    }

    /// The bytes that came otherwise the second time; `nil` where the file is loaded for the first time.
    var changed: ByteRanges? { state.withLock { $0.isSecondPass ? $0.changed : nil } }

    /// Gives the file its final name, when its content was proved.
    func publish() throws(FileError) {
        try file.resize(identity.size)
        try file.synchronizeContent()
        try AtomicFile.rename(PartialBlob.partialPath(of: path), to: path)
        try Directory.removeFile(PartialBlob.journalPath(of: path))
    }

    /// Removes what is there, so that the next run begins anew.
    func remove() { PartialBlob.removeLeftovers(of: path) }

    /// Removes what an earlier run left of a blob.
    static func removeLeftovers(of path: String) {
        for leftover in [journalPath(of: path), partialPath(of: path)] { try? Directory.removeFile(leftover) }
    }
}

extension Span<UInt8> {
    /// Whether there is no byte but zeros.
    fileprivate var isZero: Bool {
        var start = 0
        while start < count {
            let part = extracting(start..<Swift.min(start &+ 4096, count))
            var sum: UInt8 = 0
            for index in part.indices { sum |= part[index] }
            if sum != 0 { return false }
            start &+= part.count
        }
        return true
    }
}
