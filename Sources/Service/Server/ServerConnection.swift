import Formats
import Glibc
import Storage
import Synchronization

/// One connection. The thread that the event queue handed it to has it alone, until it gives it back.
final class ServerConnection: @unchecked Sendable {
    // SAFETY: all but `deadline`, which is atomic, and the ending of the socket, which the kernel orders, is touched only by
    // the thread that the queue handed the connection to (EPOLLONESHOT), and by no other until that thread watches it again.

    /// The server's end of it.
    let socket: ConnectionSocket
    /// What the event queue names it by.
    let number: UInt64
    /// The client's address.
    let peer: String
    /// When the connection is ended for being idle or slow, in steady nanoseconds; 0 while a thread works with it.
    let deadline = Atomic<Int64>(0)
    private let settings: ServerSettings
    private var input: [UInt8] = []
    private var seen = 0
    private var isInHead = false
    /// What waits to be sent in one record of TLS with what follows at once.
    private var held: [UInt8] = []
    private let opened = steadyTime()

    /// Takes a socket over.
    init(_ socket: consuming ConnectionSocket, number: UInt64, _ settings: ServerSettings) {
        peer = socket.peer()
        self.socket = socket
        self.number = number
        self.settings = settings
    }

    // MARK: Heads

    /// What came of reading a head.
    enum HeadProgress {
        /// A request.
        case request(RequestHead)
        /// More has to come.
        case waits
        /// The client is gone.
        case ended
        /// What came is refused.
        case refused(RequestHead.Refusal)
    }

    /// Reads as much of a head as is there.
    func readHead() -> HeadProgress {
        while true {
            do throws(RequestHead.Refusal) {
                switch try RequestHead.end(in: input, seen: seen) {
                case .complete(let end):
                    let head = try RequestHead.parse(input[..<end])
                    input.removeFirst(end)
                    seen = 0
                    isInHead = false
                    return .request(head)
                case .incomplete(let seen): self.seen = seen
                }
            } catch {
                return .refused(error)
            }
            switch socket.receive(into: &input, limit: RequestHead.limit + 1 - input.count) {
            case .bytes: continue
            case .nothing: return .waits
            case .end: return .ended
            }
        }
    }

    /// Until when what the client does next has to be done: the whole of a head that has begun, or the next request. That
    /// more of a head comes moves nothing.
    func setDeadline() {
        if socket.isShakingHands {
            deadline.store(opened + Int64(settings.handshakeSeconds * 1e9), ordering: .releasing)
            return
        }
        let now = steadyTime()
        if input.isEmpty {
            deadline.store(now + Int64(settings.idleSeconds * 1e9), ordering: .releasing)
            return
        }
        if !isInHead {
            isInHead = true
            headDeadline = now + Int64(settings.headSeconds * 1e9)
        }
        deadline.store(headDeadline, ordering: .releasing)
    }

    private var headDeadline: Int64 = 0

    // MARK: Bodies

    /// Whether bytes are here that nobody took.
    var hasInput: Bool { !input.isEmpty }

    /// Takes bytes that are here.
    func takeInput(_ count: Int) -> [UInt8] {
        if count >= input.count {
            defer { input = [] }
            return input
        }
        defer { input.removeFirst(count) }
        return Array(input[..<count])
    }

    /// Puts bytes back that belong to the next request.
    func giveBack(_ bytes: ArraySlice<UInt8>) { input = Array(bytes) + input }

    /// Takes more bytes if there are any; `.nothing` if not.
    func receiveAtOnce() -> ConnectionSocket.Received { socket.receive(into: &input, limit: 1 << 16) }

    /// Waits for more bytes.
    /// - Returns: `.nothing` where none came for too long.
    func receiveWaiting() -> ConnectionSocket.Received {
        while true {
            let result = socket.receive(into: &input, limit: 1 << 16)
            guard result == .nothing else { return result }
            guard socket.wait(for: POLLIN, seconds: settings.silenceSeconds) else { return .nothing }
        }
    }

    // MARK: Answers

    /// Sends all of the bytes.
    /// - Parameter more: whether more follows at once.
    /// - Returns: whether the client took them.
    func sendAll(_ bytes: [UInt8], more: Bool = false) -> Bool { sendAll(bytes.span, more: more) }

    /// Sends all of the bytes.
    /// - Parameter more: whether more follows at once.
    /// - Returns: whether the client took them.
    func sendAll(_ bytes: Span<UInt8>, more: Bool = false) -> Bool {
        guard socket.isEncrypted, more || !held.isEmpty else { return sendAtOnce(bytes, more: more) }
        // The kernel would put it in one packet; libssl makes a record, and a packet, of each call.
        let fits = held.count + bytes.count < ServerConnection.record
        if fits { for index in bytes.indices { held.append(bytes[index]) } }
        if fits, more { return true }
        let first = held
        held = []
        guard sendAtOnce(first.span, more: more) else { return false }
        return fits || sendAtOnce(bytes, more: more)
    }

    private func sendAtOnce(_ bytes: Span<UInt8>, more: Bool) -> Bool {
        var meter = RateMeter(settings)
        var done = 0
        while done < bytes.count {
            guard let count = socket.send(bytes.extracting(done..<bytes.count), more: more) else {
                return false
            }
            done += count
            guard count > 0 || waitsForRoom(), meter.passes(count) else { return false }
        }
        return true
    }

    /// The most bytes of a record of TLS (RFC 8446, 5.1).
    private static let record = 1 << 14
    /// How many bytes of a file are encrypted before it is looked at again.
    private static let piece = 1 << 18
    /// How many bytes of a file are sent at once: few enough that a slow client is noticed.
    private static let step = 1 << 22

    /// Sends a range of a file.
    ///
    /// The last bytes are sent only while the file is what it was proved to be, so that nobody gets a whole of other content.
    /// - Returns: how many bytes were sent: all, or the client is gone or the file was changed.
    func send(_ range: Range<Int>, of content: ServedContent) -> Int {
        if socket.isEncrypted { return sendPieces(range, of: content) }
        var meter = RateMeter(settings)
        var position = range.lowerBound
        while position < range.upperBound {
            let isLast = range.upperBound - position <= ServerConnection.step
            if isLast, !content.isUnchanged { break }
            let end = min(position + ServerConnection.step, range.upperBound)
            switch socket.send(position..<end, of: content.file) {
            case .bytes(let count):
                position += count
                guard meter.passes(count) else { return position - range.lowerBound }
            case .full: guard waitsForRoom() else { return position - range.lowerBound }
            case .short, .failed: return position - range.lowerBound
            }
        }
        return position - range.lowerBound
    }

    /// The same where the bytes have to be encrypted first.
    private func sendPieces(_ range: Range<Int>, of content: ServedContent) -> Int {
        var meter = RateMeter(settings)
        var position = range.lowerBound
        var buffer = Buffer(count: min(range.count, ServerConnection.piece))
        while position < range.upperBound {
            let wanted = min(range.upperBound - position, buffer.count)
            guard let count = try? content.file.read(into: &buffer, at: position), count > 0 else { break }
            let length = min(count, wanted)
            let isLast = position + length == range.upperBound
            if isLast, !content.isUnchanged { break }
            guard buffer.withBytes(length, { bytes in sendAll(bytes, more: !isLast) }) else { break }
            position += length
            guard meter.passes(length) else { break }
        }
        return position - range.lowerBound
    }

    private func waitsForRoom() -> Bool { socket.wait(for: POLLOUT, seconds: settings.silenceSeconds) }
}
