import Formats
import Storage

/// The body of a request, read from its connection as it is wanted. One thread uses it.
package final class RequestBody {
    /// Why a body cannot be read.
    package enum Problem: Error, Equatable {
        /// It has more bytes than it may.
        case tooLarge
        /// What was sent is no body.
        case malformed(String)
        /// The client sent nothing for too long, or too slowly.
        case slow
        /// The client is gone.
        case gone

        /// The answer to it.
        package var response: Response {
            var response: Response =
                switch self {
                case .tooLarge: .refusal(413, "the body of the request is too large")
                case .malformed(let reason): .refusal(400, reason)
                case .slow: .refusal(408, "the body of the request took too long")
                case .gone: .refusal(400, "the body of the request did not come")
                }
            response.ends = true
            return response
        }
    }

    private let connection: ServerConnection
    private var decoder: ChunkDecoder?
    private var left: Int
    /// How many bytes may still come where their number was not announced.
    private var room: Int
    private var isContinueOwed: Bool
    /// Whether all of it was read.
    private(set) var hasEnded: Bool
    /// What reading failed for: it fails for good, because nobody knows where the body would go on.
    private var failure: Problem?
    private var meter: RateMeter

    /// A body of which nothing was read.
    init(_ head: RequestHead, of connection: ServerConnection, _ settings: ServerSettings) {
        self.connection = connection
        room = settings.bodyLimit ?? .max
        switch head.framing {
        case .length(let count):
            left = count
            hasEnded = count == 0
        case .chunked:
            left = 0
            decoder = ChunkDecoder()
            hasEnded = false
        }
        isContinueOwed = head.expectsContinue && !hasEnded
        meter = RateMeter(settings)
    }

    /// How many bytes are announced; `nil` for a body in chunks.
    package var announcedLength: Int? { decoder == nil ? left : nil }

    /// The next bytes of the body, none at its end. What failed once fails again.
    package func next() throws(Problem) -> [UInt8] {
        if let failure { throw failure }
        do throws(Problem) {
            return try readNext()
        } catch {
            failure = error
            throw error
        }
    }

    private func readNext() throws(Problem) -> [UInt8] {
        guard !hasEnded else { return [] }
        if isContinueOwed {
            isContinueOwed = false
            guard connection.sendAll(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { throw .gone }
        }
        while true {
            if connection.hasInput {
                let part = decoder == nil ? counted() : try decoded()
                if !part.isEmpty || hasEnded { return part }
                if connection.hasInput { continue }
            }
            switch connection.receiveWaiting() {
            case .bytes(let count): guard meter.passes(count) else { throw .slow }
            case .nothing: throw .slow
            case .end: throw .gone
            }
        }
    }

    private func counted() -> [UInt8] {
        let part = connection.takeInput(left)
        left -= part.count
        hasEnded = left == 0
        return part
    }

    private func decoded() throws(Problem) -> [UInt8] {
        guard var decoder else { return [] }
        let bytes = connection.takeInput(.max)
        var position = 0
        var result: [UInt8] = []
        do throws(RequestHead.Refusal) {
            reading: while true {
                switch try decoder.next(bytes, from: &position) {
                case .data(let range): result += bytes[range]
                case .needsMore: break reading
                case .end:
                    hasEnded = true
                    break reading
                }
            }
        } catch {
            throw .malformed(error.reason)
        }
        self.decoder = decoder
        connection.giveBack(bytes[position...])
        guard result.count <= room else { throw .tooLarge }
        room -= result.count
        return result
    }

    /// The whole body.
    /// - Parameter limit: the most bytes that it may have.
    package func bytes(limit: Int) throws(Problem) -> [UInt8] {
        if let announcedLength, announcedLength > limit { throw .tooLarge }
        var result: [UInt8] = []
        while true {
            let part = try next()
            if part.isEmpty { return result }
            guard result.count + part.count <= limit else { throw .tooLarge }
            result += part
        }
    }

    /// Throws away what is left of a body that nobody wanted, so that the connection can be used again. It takes what has come
    /// already, and never waits: a client that is refused would hold the thread.
    /// - Returns: whether it can: not where the body failed, is long, has not come, or waits to be asked for.
    func discard() -> Bool {
        guard failure == nil else { return false }
        guard !hasEnded else { return true }
        guard !isContinueOwed, left <= RequestBody.discardLimit else { return false }
        var taken = 0
        while taken <= RequestBody.discardLimit {
            if connection.hasInput {
                do throws(Problem) { _ = decoder == nil ? counted() : try decoded() } catch { return false }
                if hasEnded { return true }
            }
            guard case .bytes(let count) = connection.receiveAtOnce() else { return false }
            taken += count
        }
        return false
    }

    /// The most bytes that are read only to be thrown away.
    private static let discardLimit = 1 << 16
}

/// Whether a client is fast enough to go on with.
struct RateMeter {
    private let leastBytes: Int
    private var begin: Int64
    private var bytes = 0

    /// How long a client is measured before it is judged, in nanoseconds.
    private static let window: Int64 = 60_000_000_000

    /// Begins to measure.
    init(_ settings: ServerSettings) {
        leastBytes = settings.leastRate * 60
        begin = steadyTime()
    }

    /// Counts bytes.
    /// - Returns: whether the client may go on.
    mutating func passes(_ count: Int) -> Bool {
        bytes += count
        let now = steadyTime()
        guard now - begin >= RateMeter.window else { return true }
        defer {
            begin = now
            bytes = 0
        }
        return bytes >= leastBytes
    }
}
