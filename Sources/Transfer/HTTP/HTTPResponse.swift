import Formats
import Storage

/// An answer whose head was read, and whose body is read as it comes. One thread uses it.
final class HTTPResponse: ByteStream {
    /// The status and the headers.
    let head: ResponseHead
    /// How many bytes the body has; `nil` where that is not known before its end.
    let length: Int?

    private let framing: BodyFraming
    private var connection: HTTPConnection?
    private let giveBack: (HTTPConnection) -> Void
    /// What is left of the body, or of the chunk that is being read.
    private var left: Int
    private var isFirstChunk = true

    /// A response whose head was read; `giveBack` gets the connection when the body was read to its end.
    init(
        head: ResponseHead, framing: BodyFraming, _ connection: HTTPConnection,
        giveBack: @escaping (HTTPConnection) -> Void
    ) {
        self.head = head
        self.framing = framing
        self.connection = connection
        self.giveBack = giveBack
        switch framing {
        case .length(let count):
            left = count
            length = count
        case .none:
            left = 0
            length = 0
        case .chunked, .untilClose:
            left = 0
            length = nil
        }
        finishIfEmpty()
    }

    /// Reads bytes of the body as they come.
    ///
    /// - Parameters:
    ///   - target: receives them from `offset` on.
    ///   - count: the most that are taken, at least 1; there is room for so many.
    /// - Returns: how many there were, 0 at the end of the body.
    /// - Throws: also where the connection ends before the body does.
    func read(into target: borrowing Buffer, at offset: Int, count: Int) throws(NetworkError) -> Int {
        guard let connection, count > 0 else { return 0 }
        switch framing {
        case .none: return 0
        case .untilClose:
            let part = try connection.read(into: target, at: offset, count: count)
            if part == 0 { self.connection = nil }
            return part
        case .length: return try readCounted(connection, target, offset, count)
        case .chunked:
            if left == 0, try !beginChunk(connection) { return 0 }
            return try readCounted(connection, target, offset, count)
        }
    }

    private func readCounted(
        _ connection: HTTPConnection, _ target: borrowing Buffer, _ offset: Int, _ count: Int
    ) throws(NetworkError) -> Int {
        guard left > 0 else { return 0 }
        let part = try connection.read(into: target, at: offset, count: min(count, left))
        guard part > 0 else {
            self.connection = nil
            throw NetworkError(.dropped, "the connection ended \(left) bytes before the end of the answer")
        }
        left -= part
        finishIfEmpty()
        return part
    }

    /// Reads the line before a chunk.
    /// - Returns: false after the last chunk.
    private func beginChunk(_ connection: HTTPConnection) throws(NetworkError) -> Bool {
        if !isFirstChunk {
            guard try connection.readLine(limit: 2).isEmpty else {
                throw NetworkError(.malformed, "a chunk of the answer is longer than it states")
            }
        }
        isFirstChunk = false
        let line = try connection.readLine(limit: 1 << 12)
        let digits = line.prefix { $0 != UInt8(ascii: ";") && $0 != 0x20 }
        guard !digits.isEmpty, digits.count <= 12,
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 16), size >= 0
        else { throw NetworkError(.malformed, "a chunk of the answer has no size") }
        left = size
        guard size == 0 else { return true }
        // Headers may follow, which nobody reads.
        for _ in 0..<100 where try connection.readLine(limit: 1 << 12).isEmpty {
            self.connection = nil
            giveBack(connection)
            return false
        }
        throw NetworkError(.malformed, "the answer does not end")
    }

    private func finishIfEmpty() {
        guard framing != .chunked, framing != .untilClose, left == 0, let connection else { return }
        self.connection = nil
        giveBack(connection)
    }

    /// The whole body.
    /// - Parameter limit: the most bytes that it may have.
    func body(limit: Int) throws(NetworkError) -> [UInt8] {
        var bytes: [UInt8] = []
        let buffer = Buffer(count: 1 << 16)
        while true {
            let count = try read(into: buffer, at: 0, count: buffer.count)
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else {
                throw NetworkError(
                    .malformed, "the answer has more than \(ByteCount.text(limit))", isPassing: false)
            }
            buffer.withBytes(count) { part in
                for index in part.indices { bytes.append(part[index]) }
            }
        }
    }

    /// Reads what is left of a short body, so that the connection can be used again; gives a long one up.
    func discard() {
        guard let length, length <= 1 << 16 else { return connection = nil }
        _ = try? body(limit: length)
        connection = nil
    }
}
