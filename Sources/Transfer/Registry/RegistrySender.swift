import Formats
import Manifests
import Storage

/// What one thread of a push has of its own: it sends one content after another, and proves each while it does.
///
/// A small content is sent whole; a large one in chunks (OCI distribution specification 1.1, "Pushing a blob in chunks"),
/// after each of which the registry states how far it is. Where the way breaks, it is asked, also by a later run.
struct RegistrySender: ~Copyable {
    private let client: RegistryClient
    private let journal: UploadJournal
    private let throttle: Throttle
    private let progress: ProgressHandler
    private let piece: Int
    /// Repositories of the same registry that may have the content already.
    private let others: [String]
    private var buffer = Buffer(count: FileReader.blockSize)

    /// How often a content is sent from its start, where the registry does not know the upload any more.
    private static let beginnings = 5

    /// The registry does not know the upload any more, or contradicts itself.
    private struct Lost: Error {
        /// A clause.
        let reason: String
    }

    /// Sends nothing yet.
    init(
        _ client: RegistryClient, _ journal: UploadJournal, others: [String], throttle: Throttle, piece: Int,
        progress: @escaping ProgressHandler
    ) {
        self.client = client
        self.journal = journal
        self.others = others
        self.throttle = throttle
        self.piece = piece
        self.progress = progress
    }

    /// Sends a content, or what is missing of it.
    /// - Returns: the bytes that were sent; 0 where the registry had it.
    mutating func send(_ file: OutgoingFile) throws -> Int {
        if try client.has(client.blob(file.sha256)) {
            progress(.advanced(bytes: file.size))
            return 0
        }
        let key = UploadJournal.Key(sha256: file.sha256, path: file.path, size: file.size)
        var beginnings = 0
        while true {
            var counted = 0
            do {
                let sent = try transfer(file, key, &counted)
                try journal.forget(key)
                return sent
            } catch let lost as Lost {
                progress(.advanced(bytes: -counted))
                try journal.forget(key)
                beginnings += 1
                guard beginnings < Self.beginnings else {
                    throw NetworkError(.malformed, "\(file.path): \(lost.reason)", isPassing: false)
                }
            }
        }
    }

    /// Goes on with an upload, or begins one.
    private mutating func transfer(
        _ file: OutgoingFile, _ key: UploadJournal.Key, _ counted: inout Int
    ) throws -> Int {
        let reader = try OutgoingReader(file)
        var place: WebAddress
        var position: Int?
        if let known = journal.session(key), let address = WebAddress(known.address), isUsable(address) {
            place = address
        } else {
            guard let begun = try begin(file) else {
                count(file.size, &counted)
                return 0
            }
            place = begun
            try journal.note(key, at: place)
            position = 0
        }
        var hasher = try ContentHasher()
        var hashed = 0
        var sent = 0
        var failures = 0
        while true {
            do {
                let start: Int
                if let position {
                    start = position
                } else {
                    (place, start) = try ask(place, size: file.size)
                }
                position = nil
                if start != hashed {
                    if start < hashed {
                        hasher = try ContentHasher()
                        hashed = 0
                    }
                    try reader.hash(hashed..<start, into: &hasher, &buffer)
                    hashed = start
                }
                count(start, &counted)
                let end = min(file.size, start + piece)
                var after = try hasher.duplicate()
                let isWhole = start == 0 && end == file.size
                if !isWhole, start < file.size {
                    place = try patch(file, start..<end, at: place, reader, &after)
                    try journal.note(key, at: place)
                    hasher = after
                    hashed = end
                    position = end
                    sent += end - start
                    failures = 0
                    continue
                }
                try close(file, start..<end, at: place, reader, &after)
                count(file.size, &counted)
                return sent + (end - start)
            } catch let error as NetworkError {
                failures += 1
                try client.requester.patience.wait(after: failures, error)
                position = nil
                // What was closed a moment ago is there, and its upload is not.
                if try client.has(client.blob(file.sha256)) {
                    count(file.size, &counted)
                    return sent
                }
            }
        }
    }

    private func count(_ bytes: Int, _ counted: inout Int) {
        guard bytes != counted else { return }
        progress(.advanced(bytes: bytes - counted))
        counted = bytes
    }

    /// Whether an address may be sent to: the registry's own, or a store's over TLS.
    private func isUsable(_ address: WebAddress) -> Bool { address.isSecure || !client.address.isSecure }

    // MARK: Requests

    /// Begins an upload.
    /// - Returns: where to send to; `nil` where the registry took the content from another repository.
    private func begin(_ file: OutgoingFile) throws -> WebAddress? {
        // Where a content cannot be taken from there, the answer is an upload like any other.
        var begun: ResponseHead?
        for other in others {
            let query = "?mount=sha256:\(file.sha256.hex)&from=\(WebAddress.segment(other))"
            let head = try post("blobs/uploads/\(query)")
            if head.status == 201 { return nil }
            begun = head
        }
        let head = try begun ?? post("blobs/uploads/")
        guard head.status == 202 else {
            throw NetworkError(.malformed, "\(client.address.host) begins no upload", isPassing: false)
        }
        return try location(head, from: client.place("blobs/uploads/"))
    }

    private func post(_ path: String) throws -> ResponseHead {
        try client.requester.patience.again {
            var request = HTTPRequest()
            request.method = "POST"
            request.body = ([], "application/octet-stream")
            let response = try client.send(request, to: client.place(path))
            try client.refuse(response)
            response.discard()
            return response.head
        }
    }

    private func location(_ head: ResponseHead, from address: WebAddress) throws -> WebAddress {
        guard let place = head["location"].flatMap({ address.resolving($0) }), isUsable(place) else {
            throw NetworkError(.malformed, "\(address.host) names no place to send to", isPassing: false)
        }
        return place
    }

    /// Asks how far an upload is.
    private func ask(_ place: WebAddress, size: Int) throws -> (WebAddress, Int) {
        let response = try client.send(HTTPRequest(), to: place)
        let head = response.head
        try keep(response)
        guard let range = head["range"] else { return (place, 0) }
        let parts = range.utf8.split(separator: UInt8(ascii: "-"))
        guard parts.count == 2, let first = Digits.value(String(Substring(parts[0]))), first == 0,
            let last = Digits.value(String(Substring(parts[1]))), last < max(1, size)
        else { throw Lost(reason: "\(place.host) states a range that is none") }
        // "0-0" is also what distribution 2.8 states of an upload without any bytes.
        let next = head["location"] == nil ? place : try location(head, from: place)
        return (next, last == 0 ? 0 : last + 1)
    }

    private mutating func patch(
        _ file: OutgoingFile, _ range: Range<Int>, at place: WebAddress, _ reader: borrowing OutgoingReader,
        _ hasher: inout ContentHasher
    ) throws -> WebAddress {
        var request = HTTPRequest()
        request.method = "PATCH"
        request.length = range.count
        request.contentRange = "\(range.lowerBound)-\(range.upperBound - 1)"
        let response = try client.send(request, to: place) { write in
            try reader.stream(
                range, of: file, into: &hasher, &buffer, throttle, client.requester.patience.cancellation,
                write)
        }
        try keep(response)
        return try location(response.head, from: place)
    }

    /// Sends the rest, and has the registry compare all of it with its digest.
    private mutating func close(
        _ file: OutgoingFile, _ range: Range<Int>, at place: WebAddress, _ reader: borrowing OutgoingReader,
        _ hasher: inout ContentHasher
    ) throws {
        if range.isEmpty {
            let found = try hasher.digestSoFar()
            guard found == file.sha256 else { throw OutgoingChanged(file, found: found) }
        }
        let mark = place.target.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"
        let address = WebAddress(
            isSecure: place.isSecure, host: place.host, port: place.port,
            target: "\(place.target)\(mark)digest=sha256:\(file.sha256.hex)")
        var request = HTTPRequest()
        request.method = "PUT"
        request.length = range.count
        let response = try client.send(request, to: address) { write in
            try reader.stream(
                range, of: file, into: &hasher, &buffer, throttle, client.requester.patience.cancellation,
                write)
        }
        try keep(response)
        // What a registry stored that it should not have is seen by its digest; this is what it says itself.
        if let stated = response.head["docker-content-digest"], let digest = RegistryReference.digest(stated),
            digest != file.sha256
        {
            throw NetworkError(.malformed, "\(place.host) stored another content", isPassing: false)
        }
    }

    /// Ends a request of an upload: with an error that passes, with one that loses the upload, or with a refusal.
    private func keep(_ response: HTTPResponse) throws {
        let head = response.head
        if (200..<300).contains(head.status) { return response.discard() }
        try client.requester.refusePassing(head, client.address.host)
        switch head.status {
        case 400, 404, 410, 416:
            response.discard()
            throw Lost(reason: "\(client.address.host) answered with status \(head.status)")
        default: throw RegistryRefusal(response, isKnown: client.credentials != nil)
        }
    }
}

extension UploadJournal {
    /// Notes where an upload to a registry is gone on with, which each answer may change.
    fileprivate func note(_ key: Key, at place: WebAddress) throws {
        _ = try begin(key, token: "", address: place.origin + place.target)
    }
}
