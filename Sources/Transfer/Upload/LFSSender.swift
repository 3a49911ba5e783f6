import Formats
import Manifests
import Storage

/// What one thread of an upload to the Hub has of its own: it sends objects whole or in parts, and proves each while it does.
struct LFSSender: ~Copyable {
    private let calls: HubCalls
    private let journal: UploadJournal
    private let requester: Requester
    private let throttle: Throttle
    private let progress: ProgressHandler
    private var buffer = Buffer(count: FileReader.blockSize)

    /// How often the Hub is asked anew where to send an object.
    private static let questions = 5

    /// The signature of an address has run out, or the store does not know the upload any more.
    private struct Expired: Error {
        let status: Int
        let host: String
    }

    /// Sends nothing yet.
    init(
        _ calls: HubCalls, _ journal: UploadJournal, _ requester: Requester, throttle: Throttle,
        progress: @escaping ProgressHandler
    ) {
        self.calls = calls
        self.journal = journal
        self.requester = requester
        self.throttle = throttle
        self.progress = progress
    }

    /// Sends an object, or goes on where an earlier run was whose upload in parts the store still knows.
    /// - Parameters:
    ///   - action: what the Hub wants done.
    ///   - again: asks the Hub once more; it answers `nil` where it has the object by now.
    mutating func send(
        _ file: OutgoingFile, _ action: LFSAction, again: () throws -> LFSAction?
    ) throws {
        let key = UploadJournal.Key(sha256: file.sha256, path: file.path, size: file.size)
        var action = action
        for attempt in 1... {
            var counted = 0
            let known = begun(key)
            do {
                try transfer(file, key, known?.action ?? action, known?.etags ?? [], &counted)
                if action.parts != nil { try journal.forget(key) }
                if let address = action.verify { try calls.verify(file, at: address) }
                return
            } catch let expired as Expired {
                progress(.advanced(bytes: -counted))
                if known != nil || action.parts != nil { try journal.forget(key) }
                // What an earlier run began is old; what was answered just now is not.
                if known?.isOld == true { continue }
                guard attempt < LFSSender.questions else {
                    throw NetworkError(
                        .malformed, "\(expired.host) answered with status \(expired.status)", isPassing: false
                    )
                }
                guard let next = try again() else { return progress(.advanced(bytes: file.size)) }
                action = next
            }
        }
    }

    /// The upload in parts that was begun for a content, as far as the journal has one that makes sense.
    private func begun(_ key: UploadJournal.Key) -> (action: LFSAction, etags: [String], isOld: Bool)? {
        guard let session = journal.session(key),
            let action = LFSAction(text: session.token, calls.endpoint), let parts = action.parts,
            session.etags.count <= parts.addresses.count
        else { return nil }
        return (action, session.etags, session.isOld)
    }

    /// - Parameter known: what the store calls the parts that it has already.
    private mutating func transfer(
        _ file: OutgoingFile, _ key: UploadJournal.Key, _ action: LFSAction, _ known: [String],
        _ counted: inout Int
    ) throws {
        let reader = try OutgoingReader(file)
        var hasher = try ContentHasher()
        guard let parts = action.parts else {
            _ = try put(file, 0..<file.size, to: action.address, reader, &hasher)
            progress(.advanced(bytes: file.size))
            counted = file.size
            return
        }
        let (count, rest) = file.size.quotientAndRemainder(dividingBy: parts.size)
        guard parts.addresses.count == count + (rest > 0 ? 1 : 0) else {
            throw NetworkError(.malformed, "the Hub names another number of parts", isPassing: false)
        }
        if journal.session(key) == nil {
            _ = try journal.begin(key, token: action.text, address: action.address.origin)
        }
        var etags = known
        for (number, address) in parts.addresses.enumerated() {
            let start = number * parts.size
            let range = start..<start + min(parts.size, file.size - start)
            if number < known.count {
                try reader.hash(range, into: &hasher, &buffer)
            } else {
                guard let etag = try put(file, range, to: address, reader, &hasher) else {
                    throw NetworkError(
                        .malformed, "\(address.host) states no ETag of a part", isPassing: false)
                }
                try journal.sent(key, etag: etag)
                etags.append(etag)
            }
            progress(.advanced(bytes: range.count))
            counted += range.count
        }
        if known.count == parts.addresses.count {
            let found = try hasher.digestSoFar()
            guard found == file.sha256 else { throw OutgoingChanged(file, found: found) }
        }
        do {
            try calls.complete(file, etags: etags, at: action.address)
        } catch let refusal as HubUploadRefusal where [400, 403, 404, 410].contains(refusal.status) {
            throw Expired(status: refusal.status, host: action.address.host)
        }
    }

    /// Sends a range, again where that may help.
    ///
    /// - Parameter hasher: was fed what is before the range, and is fed the range.
    /// - Returns: the ETag that the store gave it, if it did.
    private mutating func put(
        _ file: OutgoingFile, _ range: Range<Int>, to address: WebAddress, _ reader: borrowing OutgoingReader,
        _ hasher: inout ContentHasher
    ) throws -> String? {
        var failures = 0
        while true {
            var attempt = try hasher.duplicate()
            do {
                var request = HTTPRequest()
                request.method = "PUT"
                request.length = range.count
                let response = try requester.send(request, to: address) { write in
                    try reader.stream(
                        range, of: file, into: &attempt, &buffer, throttle, requester.patience.cancellation,
                        write)
                }
                let head = response.head
                response.discard()
                if (200..<300).contains(head.status) {
                    hasher = attempt
                    return head["etag"]
                }
                try requester.refusePassing(head, address.host)
                throw Expired(status: head.status, host: address.host)
            } catch let error as NetworkError {
                failures += 1
                try requester.patience.wait(after: failures, error)
            }
        }
    }
}
