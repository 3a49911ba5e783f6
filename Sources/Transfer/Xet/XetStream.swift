import Formats
import Storage
import Synchronization
import Xet

/// The bytes of a range of a file in their order, made from the chunks of its parts while those arrive.
///
/// Whatever a server sends, one stream holds some hundred kilobytes: a chunk, and what was just received. Only bytes that
/// come before it is their turn, because the range has some chunks several times, are kept, in memory that is bounded for
/// all streams together.
final class XetStream: ByteStream {
    private let server: XetServer
    private let gives: (Range<Int>) -> Void
    private let range: Range<Int>
    /// The next byte to give.
    private var position: Int
    private var plans: ArraySlice<PartPlan>
    /// The part that is being received.
    private var open: Part?
    private let buffer = Buffer(count: 1 << 16)
    /// What comes next.
    private var ready: ArraySlice<UInt8> = []
    /// What came before its turn; `nil` while there is nothing.
    private var kept: Kept?

    private struct Part {
        var reader: PartReader
        let response: HTTPResponse
        /// How many bytes have not come yet.
        var left: Int
    }

    /// Bytes of the range at their places.
    private final class Kept {
        let bytes: Buffer
        var there = ByteRanges()
        private let budget: MemoryBudget

        init(_ count: Int, _ budget: MemoryBudget, _ cancellation: Cancellation) throws(NetworkError) {
            try budget.take(count, cancellation)
            self.budget = budget
            bytes = Buffer(count: count)
        }

        deinit { budget.giveBack(bytes.count) }
    }

    /// - Parameter gives: learns of the bytes that were given.
    init(
        _ plans: [PartPlan], _ range: Range<Int>, _ server: XetServer, gives: @escaping (Range<Int>) -> Void
    ) {
        self.plans = plans[...]
        self.range = range
        position = range.lowerBound
        self.server = server
        self.gives = gives
    }

    func read(into target: borrowing Buffer, at offset: Int, count: Int) throws(NetworkError) -> Int {
        while ready.isEmpty {
            guard position < range.upperBound else { return 0 }
            if let taken = takeKept(count) { ready = taken } else { try receive() }
        }
        let taken = ready.prefix(count)
        target.store(taken, at: offset)
        ready = ready.dropFirst(taken.count)
        gives(position..<position + taken.count)
        position += taken.count
        return taken.count
    }

    /// Some of the bytes that came before their turn, which is now; `nil` where there are none.
    private func takeKept(_ count: Int) -> ArraySlice<UInt8>? {
        guard let kept else { return nil }
        let start = position - range.lowerBound
        let end = min(kept.there.end(from: start), start + min(count, buffer.count))
        guard end > start else { return nil }
        return kept.bytes.withBytes(end) { bytes in (start..<end).map { bytes[$0] } }[...]
    }

    /// Takes the next chunk, or receives more bytes of one.
    private func receive() throws(NetworkError) {
        guard var part = try current() else {
            throw NetworkError(.malformed, "nothing in Xet has byte \(position) of the file")
        }
        let pieces: [PartReader.Piece]?
        do throws(FormatError) {
            pieces = try part.reader.next()
            if pieces == nil, part.left == 0 { return try part.reader.finish() }
        } catch {
            throw XetStream.wrong(error)
        }
        if let pieces {
            open = part
            for piece in pieces { try hold(piece) }
            return
        }
        let count = try part.response.read(into: buffer, at: 0, count: min(part.left, buffer.count))
        guard count > 0 else { throw NetworkError(.dropped, "a part ended \(part.left) bytes too early") }
        part.left -= count
        buffer.withBytes(count) { part.reader.append($0) }
        open = part
    }

    private func hold(_ piece: PartReader.Piece) throws(NetworkError) {
        if piece.offset == position, ready.isEmpty {
            ready = piece.bytes
            return
        }
        let kept: Kept
        if let made = self.kept {
            kept = made
        } else {
            kept = try Kept(range.count, server.budget, server.requester.patience.cancellation)
            self.kept = kept
        }
        let start = piece.offset - range.lowerBound
        kept.bytes.store(piece.bytes, at: start)
        kept.there.insert(start..<start + piece.bytes.count)
    }

    /// The part that is being received, or the next one; `nil` after the last.
    private func current() throws(NetworkError) -> Part? {
        if let part = open.take() { return part }
        guard let plan = plans.popFirst() else { return nil }
        return Part(
            reader: PartReader(plan), response: try server.part(plan.part), left: plan.part.bytes.count)
    }

    /// What came breaks the protocol.
    static func wrong(_ error: FormatError) -> NetworkError {
        NetworkError(.malformed, "what came of a file in Xet is wrong: \(error)")
    }
}
