import Formats
import Storage
import Xet

/// A file in Xet, of which ranges are loaded.
struct XetSource: Sendable {
    let server: XetServer
    /// The file's name in Xet.
    let hash: XetHash
    /// The file's name on the Hub, for errors.
    let name: String

    /// Loads what is missing of a range. What came before an error is kept.
    ///
    /// Nothing that arrives here is believed: that the file is the right one, its SHA-256 proves at its end.
    func load(_ range: Range<Int>, into partial: PartialBlob, _ worker: inout DownloadWorker) throws {
        let answer = try server.reconstruction(hash, range, name: name)
        for plan in try wellFormed({ () throws(FormatError) in try answer.plan(for: range) }) {
            if plan.given.allSatisfy({ partial.has($0) }) { continue }
            var block = Block()
            do {
                try receive(plan, &block, partial, &worker)
            } catch {
                try block.write(to: partial, &worker)
                throw error
            }
            try block.write(to: partial, &worker)
        }
    }

    private func receive(
        _ plan: PartPlan, _ block: inout Block, _ partial: PartialBlob, _ worker: inout DownloadWorker
    ) throws {
        let response = try server.part(plan.part)
        var reader = PartReader(plan)
        var left = plan.part.bytes.count
        while left > 0 {
            let (count, error) = worker.fill(response, min(left, XetSource.step))
            worker.buffer.withBytes(count) { reader.append($0) }
            left -= count
            while let pieces = try wellFormed({ () throws(FormatError) in try reader.next() }) {
                for piece in pieces { try block.add(piece, partial, &worker) }
            }
            if let error { throw error }
            guard count > 0 else { throw NetworkError(.dropped, "a part ended \(left) bytes too early") }
        }
        try wellFormed { () throws(FormatError) in try reader.finish() }
    }

    /// How many bytes are taken from the network at once.
    private static let step = 1 << 17

    private func wellFormed<Result>(_ body: () throws(FormatError) -> Result) throws(NetworkError) -> Result {
        do throws(FormatError) {
            return try body()
        } catch {
            throw NetworkError(.malformed, "what came of a file in Xet is wrong: \(error)")
        }
    }

    /// Pieces that follow each other, up to the size that the journal has a line for.
    private struct Block {
        private var offset = 0
        private var bytes: [UInt8] = []

        /// Takes a piece, and writes what is there where the piece does not fit to it.
        mutating func add(
            _ piece: PartReader.Piece, _ partial: PartialBlob, _ worker: inout DownloadWorker
        ) throws {
            let range = piece.offset..<piece.offset + piece.bytes.count
            if partial.has(range) { return }
            let follows = piece.offset == offset + bytes.count
            if !follows || bytes.count + range.count > PartialBlob.block { try write(to: partial, &worker) }
            if bytes.isEmpty { offset = piece.offset }
            bytes += piece.bytes
        }

        /// Writes what is there.
        mutating func write(to partial: PartialBlob, _ worker: inout DownloadWorker) throws {
            guard !bytes.isEmpty else { return }
            try partial.write(bytes.span, at: offset)
            worker.progressed(bytes.count)
            bytes.removeAll(keepingCapacity: true)
        }
    }
}
