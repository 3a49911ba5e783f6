import Formats
import Manifests
import Storage

/// What one thread of an upload has of its own: it sends one file after another, in pieces, and proves each while it does.
struct BlobSender: ~Copyable {
    private let journal: UploadJournal
    private let requester: Requester
    private let throttle: Throttle
    private let progress: ProgressHandler
    /// Holds one piece.
    private var buffer: Buffer
    /// Whether an upload's address has to be secure.
    private let isSecure: Bool
    /// The next piece, where it is in the buffer already.
    private var ahead: Piece?

    /// A piece that is in the buffer.
    private struct Piece: ~Copyable {
        /// Where it is in its file.
        let range: Range<Int>
        /// Was fed the file up to the piece's end.
        let hasher: ContentHasher
        /// The digest of the file up to there.
        let prefix: SHA256Digest
    }

    /// How often a file is sent from its start, where the store loses what it had.
    private static let beginnings = 5
    /// How often a store may have less than it had.
    private static let setbacks = 20

    /// - Parameter piece: the bytes of one request, a multiple of ``ResumableSession/unit``.
    init(
        _ journal: UploadJournal, _ requester: Requester, throttle: Throttle, piece: Int, isSecure: Bool,
        progress: @escaping ProgressHandler
    ) {
        self.journal = journal
        self.requester = requester
        self.throttle = throttle
        self.progress = progress
        self.isSecure = isSecure
        buffer = Buffer(count: piece)
    }

    /// Sends a file, or what is missing of it.
    ///
    /// - Parameter begin: asks the service for a new upload: its token and its address.
    /// - Returns: the token, and whether the service had all of it.
    mutating func send(
        _ file: OutgoingFile, begin: () throws -> (token: String, address: String)
    ) throws -> (token: String, wasThere: Bool) {
        let key = UploadJournal.Key(sha256: file.sha256, path: file.path, size: file.size)
        var beginnings = 0
        while true {
            let known = journal.session(key)
            if let known, known.isDone {
                progress(.advanced(bytes: file.size))
                return (known.token, true)
            }
            let session: UploadJournal.Session
            if let known {
                session = known
            } else {
                let made = try begin()
                session = try journal.begin(key, token: made.token, address: made.address)
            }
            var counted = 0
            do {
                try transfer(file, key, session, isNew: known == nil, &counted)
                try journal.finish(key)
                return (session.token, false)
            } catch let lost as ResumableSession.Lost {
                progress(.advanced(bytes: -counted))
                try journal.forget(key)
                beginnings += 1
                guard beginnings < BlobSender.beginnings else {
                    throw NetworkError(.malformed, "\(file.path): \(lost.reason)", isPassing: false)
                }
            }
        }
    }

    private mutating func transfer(
        _ file: OutgoingFile, _ key: UploadJournal.Key, _ session: UploadJournal.Session, isNew: Bool,
        _ counted: inout Int
    ) throws {
        ahead = nil
        let reader = try OutgoingReader(file)
        let remote = try ResumableSession(session.address, size: file.size, isSecure: isSecure, requester)
        var proven = (end: session.sent, prefix: session.prefix)
        var hasher = try ContentHasher()
        var position = 0
        // What the store has, where that has to be asked.
        var stated: ResumableSession.Progress? = isNew ? .upTo(0) : nil
        var failures = 0
        var setbacks = 0
        while true {
            do {
                let now = try stated ?? remote.ask()
                stated = nil
                switch now {
                case .complete:
                    // Nobody but us has sent anything, and we know what.
                    guard proven.end == file.size, proven.prefix == file.sha256 else {
                        throw ResumableSession.Lost(reason: "the store has what was not sent")
                    }
                    return count(file.size, &counted)
                case .upTo(let end):
                    if end != position {
                        if end < position { setbacks += 1 }
                        guard setbacks < BlobSender.setbacks else {
                            throw ResumableSession.Lost(reason: "the store loses what it had")
                        }
                        hasher = try rebuilt(reader, upTo: end, proven)
                        if end > position { failures = 0 }
                        position = end
                    }
                    if end == 0 { proven = (0, nil) }
                    count(end, &counted)
                }
                let piece = try read(file, reader, from: position, hasher)
                let (end, prefix) = (piece.range.upperBound, piece.prefix)
                // The last piece is not sent of what is not right.
                if end == file.size, prefix != file.sha256 { throw OutgoingChanged(file, found: prefix) }
                if end > proven.end || proven.prefix == nil {
                    try journal.sending(key, upTo: end, prefix: prefix)
                    proven = (end, prefix)
                }
                let answer = try put(piece, remote, file, reader)
                if case .upTo(let kept) = answer, kept == position || kept == file.size {
                    throw NetworkError(
                        .malformed,
                        "\(file.path): the store took \(end - position) bytes, and does not have them")
                }
                if answer == .upTo(end) {
                    hasher = piece.hasher
                    position = end
                    failures = 0
                }
                stated = answer
            } catch let error as NetworkError {
                failures += 1
                ahead = nil
                try requester.patience.wait(after: failures, error)
                stated = nil
            }
        }
    }

    /// The piece from a position on: read and hashed, where that was not done while the one before it was on its way.
    /// - Parameter hasher: was fed what is before the piece.
    private mutating func read(
        _ file: OutgoingFile, _ reader: borrowing OutgoingReader, from position: Int,
        _ hasher: borrowing ContentHasher
    ) throws -> Piece {
        if let ready = ahead.take(), ready.range.lowerBound == position { return ready }
        let count = min(buffer.count, file.size - position)
        try reader.fill(&buffer, from: position, count: count)
        var after = try hasher.duplicate()
        try buffer.withBytes(count) { bytes in try after.update(bytes) }
        let prefix = try after.digestSoFar()
        return Piece(range: position..<position + count, hasher: after, prefix: prefix)
    }

    /// Sends a piece. While the store receives what the kernel holds of it, the next one is read and hashed.
    private mutating func put(
        _ piece: borrowing Piece, _ remote: ResumableSession, _ file: OutgoingFile,
        _ reader: borrowing OutgoingReader
    ) throws -> ResumableSession.Progress {
        let step = min(1 << 18, throttle.step)
        let (end, count) = (piece.range.upperBound, piece.range.count)
        return try remote.send(piece.range) { write in
            try buffer.withBytes(count) { bytes in
                var done = 0
                while done < bytes.count {
                    let next = min(done + step, bytes.count)
                    try write(bytes.extracting(done..<next))
                    try throttle.received(next - done, requester.patience.cancellation)
                    done = next
                }
            }
            // What cannot be read is told when it is its turn.
            if end < file.size { ahead = try? read(file, reader, from: end, piece.hasher) }
        }
    }

    /// A hasher that was fed what the store has, after making sure that it was sent what is read now.
    private mutating func rebuilt(
        _ reader: borrowing OutgoingReader, upTo end: Int, _ proven: (end: Int, prefix: SHA256Digest?)
    ) throws -> ContentHasher {
        ahead = nil
        guard end <= proven.end else {
            throw ResumableSession.Lost(reason: "the store has more than was sent")
        }
        var hasher = try ContentHasher()
        try reader.hash(0..<end, into: &hasher, &buffer)
        var whole = try hasher.duplicate()
        try reader.hash(end..<proven.end, into: &whole, &buffer)
        let prefix = try whole.digestSoFar()
        guard end == 0 || prefix == proven.prefix else {
            throw ResumableSession.Lost(reason: "the file is another one than when it was begun")
        }
        return hasher
    }

    private func count(_ bytes: Int, _ counted: inout Int) {
        guard bytes != counted else { return }
        progress(.advanced(bytes: bytes - counted))
        counted = bytes
    }
}
