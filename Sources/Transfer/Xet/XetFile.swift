import Formats
import Storage
import Synchronization
import Xet

/// A file in Xet. Nothing that arrives of it is believed: that it is the right one, its SHA-256 proves at its end.
final class XetFile: Sendable {
    private let server: XetServer
    private let hash: XetHash
    private let name: String
    private let given = Mutex(ByteRanges())

    /// - Parameters:
    ///   - hash: the file's name in Xet.
    ///   - name: what sentences call the file.
    init(_ hash: XetHash, name: String, _ server: XetServer) {
        self.hash = hash
        self.name = name
        self.server = server
    }

    /// Asks what a range is made from. Its bytes are asked for when they are read.
    ///
    /// - Parameter wanted: not the whole of a large file: as much may be held in memory.
    /// - Throws: ``NetworkError``, ``HubRefusal``, and ``TransferFailure`` where the file is not what was listed.
    func open(_ wanted: Range<Int>) throws -> BlobAnswer {
        let answer = try server.reconstruction(hash, wanted, name: name)
        let plans: [PartPlan]
        do throws(FormatError) {
            plans = try answer.plan(for: wanted)
        } catch {
            throw XetStream.wrong(error)
        }
        let stream = XetStream(plans, wanted, server) { [self] range in given.withLock { $0.insert(range) } }
        return .part(stream, wanted)
    }

    /// Whether a byte was given before.
    func hasGiven(_ position: Int) -> Bool { given.withLock { $0.contains(position..<position + 1) } }
}

/// The bytes of a range of a file in their order, made from the chunks of its parts while those arrive.
final class XetStream: ByteStream {
    private let server: XetServer
    private let gives: (Range<Int>) -> Void
    private let end: Int
    /// The next byte to give.
    private var position: Int
    private var plans: ArraySlice<PartPlan>
    /// The part that is being received.
    private var open: Part?
    private let buffer = Buffer(count: 1 << 16)
    /// What comes next.
    private var ready: ArraySlice<UInt8> = []
    /// What comes later, by its place: chunks that the range has several times arrive once. No more than the range.
    private var later: [Int: ArraySlice<UInt8>] = [:]

    private struct Part {
        var reader: PartReader
        let response: HTTPResponse
        /// How many bytes have not come yet.
        var left: Int
    }

    /// - Parameter gives: learns of the bytes that were given.
    init(
        _ plans: [PartPlan], _ range: Range<Int>, _ server: XetServer, gives: @escaping (Range<Int>) -> Void
    ) {
        self.plans = plans[...]
        position = range.lowerBound
        end = range.upperBound
        self.server = server
        self.gives = gives
    }

    func read(into target: borrowing Buffer, at offset: Int, count: Int) throws(NetworkError) -> Int {
        while ready.isEmpty {
            guard position < end else { return 0 }
            if let next = later.removeValue(forKey: position) { ready = next } else { try receive() }
        }
        let taken = ready.prefix(count)
        target.store(taken, at: offset)
        ready = ready.dropFirst(taken.count)
        gives(position..<position + taken.count)
        position += taken.count
        return taken.count
    }

    private func receive() throws(NetworkError) {
        guard var part = try current() else {
            throw NetworkError(.malformed, "nothing in Xet has byte \(position) of the file")
        }
        let count = try part.response.read(into: buffer, at: 0, count: min(part.left, buffer.count))
        guard count > 0 else { throw NetworkError(.dropped, "a part ended \(part.left) bytes too early") }
        part.left -= count
        buffer.withBytes(count) { part.reader.append($0) }
        do throws(FormatError) {
            while let pieces = try part.reader.next() {
                for piece in pieces { later[piece.offset] = piece.bytes }
            }
            if part.left == 0 { try part.reader.finish() }
        } catch {
            throw XetStream.wrong(error)
        }
        if part.left > 0 { open = part }
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
