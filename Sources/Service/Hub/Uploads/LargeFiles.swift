import Catalogue
import Formats
import Manifests
import Storage
import Synchronization

/// Takes large files before their commit, by the protocol of git-lfs with the Hub's parts: a batch of questions, then the
/// content of each, at once or in parts, and a last look.
final class LargeFiles: Sendable {
    private let store: RepositoryStore
    private let parts = Mutex<[ExactName: PartUpload]>([:])

    /// Above this size a file comes in parts, and how many bytes a part has.
    private static let partSize = 1 << 26
    /// The most parts of a file, as of S3, and the most bytes of a file.
    private static let partLimit = 10_000
    private static let sizeLimit = 1 << 42
    /// The most files of one question.
    private static let batchLimit = 10_000
    /// How many files come in parts at once.
    private static let openLimit = 256

    /// Keeps contents in a catalogue.
    init(_ store: RepositoryStore) { self.store = store }

    /// The answer to what is asked below `ORG/NAME.git/info/lfs`.
    func answer(
        _ repository: StoredRepository, _ path: [String], _ request: Request, _ reader: HubReader
    ) throws(HubRefusal) -> Response {
        guard path.first == "objects", path.count == 2 else {
            throw HubRefusal(404, nil, "there is nothing at this path")
        }
        switch (path[1], request.head.method) {
        case ("batch", "POST"): return try batch(repository, request, reader)
        case ("verify", "POST"): return try verify(request, reader)
        case (let text, let method):
            guard let digest = SHA256Digest(hex: text),
                let size = request.head.target.first("size").flatMap({ Int($0) }), size > 0,
                size <= LargeFiles.sizeLimit
            else { throw HubRefusal(404, nil, "there is nothing at this path") }
            let part = request.head.target.first("part").flatMap { Int($0) }
            switch method {
            case "PUT":
                if let part { return try takePart(part, of: digest, size, request, reader) }
                return try take(digest, size, request, reader)
            case "POST": return try complete(digest, size, request, reader)
            default: throw HubRefusal.method(["PUT", "POST"])
            }
        }
    }

    // MARK: Questions

    private func batch(
        _ repository: StoredRepository, _ request: Request, _ reader: HubReader
    ) throws(HubRefusal) -> Response {
        let body = try HubUploads.json(request)
        guard body["operation"]?.string == "upload" else {
            throw HubRefusal(400, nil, "this server takes uploads here: files are downloaded from resolve")
        }
        guard body["hash_algo"]?.string ?? "sha256" == "sha256", let asked = body["objects"]?.array,
            asked.count <= LargeFiles.batchLimit
        else { throw HubRefusal(400, nil, "the question names no objects, or too many") }
        var objects: [(digest: SHA256Digest, size: Int)] = []
        for object in asked {
            guard let digest = object["oid"]?.string.flatMap({ SHA256Digest(hex: $0) }),
                let size = object["size"]?.integer, size >= 0
            else { throw HubRefusal(422, nil, "an object has no SHA-256 or no size") }
            objects.append((digest, size))
        }
        let known = try available(objects.map(\.digest), reader)
        let base = request.base
        let folder = repository.repository.kind == .model ? "" : "\(repository.repository.kind.rawValue)s/"
        let path = "/\(folder)\(repository.repository.id).git/info/lfs/objects"
        let answers = objects.map { digest, size -> JSON in
            let oid = JSON.string(digest.hex)
            if known[digest] == size { return ["oid": oid, "size": .integer(size)] }
            guard size > 0, size <= LargeFiles.sizeLimit, known[digest] == nil else {
                return [
                    "oid": oid, "size": .integer(size),
                    "error": ["code": 422, "message": "no content of this SHA-256 has this size"],
                ]
            }
            func address(_ query: String) -> JSON {
                let target = "\(path)/\(digest)?size=\(size)\(query)"
                return .string(base + target + (request.ticket(target) ?? ""))
            }
            var header = [JSON.Member("Accept", "application/vnd.git-lfs")]
            if size > LargeFiles.partSize {
                let chunk = LargeFiles.chunk(size)
                header = [JSON.Member("chunk_size", .string(String(chunk)))]
                for number in 1...LargeFiles.count(size) {
                    header.append(JSON.Member(String(number), address("&part=\(number)")))
                }
            }
            return [
                "oid": oid, "size": .integer(size), "authenticated": true,
                "actions": [
                    "upload": ["href": address(""), "header": .object(header)],
                    "verify": ["href": .string("\(base)\(path)/verify"), "header": [:]],
                ],
            ]
        }
        var response = Response.json(["transfer": "basic", "objects": .array(answers)])
        response.fields = HeaderFields()
        return response.with("Content-Type", "application/vnd.git-lfs+json")
    }

    private static func chunk(_ size: Int) -> Int { max(partSize, (size + partLimit - 1) / partLimit) }

    private static func count(_ size: Int) -> Int { (size + chunk(size) - 1) / chunk(size) }

    private func verify(_ request: Request, _ reader: HubReader) throws(HubRefusal) -> Response {
        let body = try HubUploads.json(request)
        guard let digest = body["oid"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let size = body["size"]?.integer
        else { throw HubRefusal(422, nil, "an object has no SHA-256 or no size") }
        guard try available([digest], reader)[digest] == size else {
            throw HubRefusal(404, nil, "no content of this SHA-256 and size has come")
        }
        return .json([:])
    }

    private func available(
        _ digests: [SHA256Digest], _ reader: HubReader
    ) throws(HubRefusal) -> [SHA256Digest: Int] {
        do throws(RepositoryStore.Problem) {
            return try store.available(digests, to: reader.user)
        } catch {
            throw HubRefusal(error)
        }
    }

    // MARK: Contents

    /// Takes a whole file.
    private func take(
        _ digest: SHA256Digest, _ size: Int, _ request: Request, _ reader: HubReader
    ) throws(HubRefusal) -> Response {
        do {
            let incoming = try store.contents.receive(checksum: false)
            try LargeFiles.read(request.body, upTo: size, into: incoming)
            try keep(incoming, as: digest, size, reader)
        } catch {
            throw HubRefusal(keeping: error)
        }
        return Response(200).with("ETag", "\"\(digest)\"")
    }

    private func keep(
        _ incoming: IncomingContent, as digest: SHA256Digest, _ size: Int, _ reader: HubReader
    ) throws {
        let content = try incoming.finish()
        guard content.size == size, content.sha256 == digest else {
            throw HubRefusal(
                400, nil, "the content that came has \(content.size) bytes and the SHA-256 \(content.sha256)")
        }
        try store.remember(try store.keep(incoming, content), of: reader.author)
    }

    /// Reads a body that has to have so many bytes.
    private static func read(_ body: RequestBody, upTo size: Int, into incoming: IncomingContent) throws {
        if let announced = body.announcedLength, announced != size {
            throw HubRefusal(400, nil, "the body has \(announced) bytes in place of \(size)")
        }
        var left = size
        while true {
            let bytes = try body.next()
            if bytes.isEmpty { break }
            guard bytes.count <= left else {
                throw HubRefusal(413, nil, "the body has more than \(size) bytes")
            }
            left -= bytes.count
            try incoming.write(bytes.span)
        }
        guard left == 0 else { throw HubRefusal(400, nil, "the body has fewer than \(size) bytes") }
    }

    // MARK: Parts

    private func takePart(
        _ number: Int, of digest: SHA256Digest, _ size: Int, _ request: Request, _ reader: HubReader
    ) throws(HubRefusal) -> Response {
        let chunk = LargeFiles.chunk(size)
        guard size > LargeFiles.partSize, (1...LargeFiles.count(size)).contains(number) else {
            throw HubRefusal(404, nil, "there is no such part")
        }
        let key = ExactName("\(digest) \(size) \(reader.author)")
        let length = min(chunk, size - (number - 1) * chunk)
        do {
            let incoming = try store.contents.receive(checksum: false)
            try LargeFiles.read(request.body, upTo: length, into: incoming)
            let content = try incoming.finish()
            let upload = try upload(key)
            try upload.add(number, incoming.detached(), store.contents)
            return Response(200).with("ETag", "\"\(content.sha256)\"")
        } catch {
            throw HubRefusal(keeping: error)
        }
    }

    private func upload(_ key: ExactName) throws(HubRefusal) -> PartUpload {
        let now = steadyTime()
        let found = parts.withLock { all -> PartUpload? in
            if let known = all[key] { return known }
            // Those that nobody goes on with make room.
            all = all.filter { !$0.value.isIdle(now) }
            guard all.count < LargeFiles.openLimit else { return nil }
            let made = PartUpload()
            all[key] = made
            return made
        }
        guard let found else { throw HubRefusal(503, nil, "too many large files are coming at once") }
        return found
    }

    private func complete(
        _ digest: SHA256Digest, _ size: Int, _ request: Request, _ reader: HubReader
    ) throws(HubRefusal) -> Response {
        _ = try HubUploads.json(request)
        // A client that did not wait for the answer asks again.
        if try available([digest], reader)[digest] == size { return .json([:]) }
        let key = ExactName("\(digest) \(size) \(reader.author)")
        guard let upload = parts.withLock({ $0[key] }) else {
            throw HubRefusal(
                404, nil, "no parts of this content have come, or the server began anew: send them again")
        }
        do {
            try upload.finish(LargeFiles.count(size)) { incoming in
                try keep(incoming, as: digest, size, reader)
            }
        } catch {
            _ = parts.withLock { $0.removeValue(forKey: key) }
            throw HubRefusal(keeping: error)
        }
        _ = parts.withLock { $0.removeValue(forKey: key) }
        return .json([:])
    }
}

/// A file that comes in parts. Those that are next are put together as they come, so that little is left to do at the end.
private final class PartUpload: Sendable {
    private struct State {
        var whole: IncomingContent?
        var next = 1
        var waiting: [Int: DetachedContent] = [:]
        var usedAt = steadyTime()
        var hasEnded = false
    }

    private let state = Mutex(State())

    /// How long nobody has to send a part until it may be forgotten, in nanoseconds.
    private static let patience: Int64 = 3_600_000_000_000

    /// Whether nobody goes on with it.
    func isIdle(_ now: Int64) -> Bool {
        state.withLockIfAvailable { now - $0.usedAt > PartUpload.patience } ?? false
    }

    /// Takes a part that is whole. One that came before is not taken again.
    func add(_ number: Int, _ part: DetachedContent, _ contents: ContentStore) throws {
        try state.withLock { state in
            state.usedAt = steadyTime()
            guard number >= state.next, !state.hasEnded else { return }
            state.waiting[number] = part
            guard state.waiting[state.next] != nil else { return }
            let whole = try state.whole ?? contents.receive(checksum: false)
            state.whole = whole
            var buffer = Buffer(count: FileReader.blockSize)
            while let part = state.waiting.removeValue(forKey: state.next) {
                _ = try FileReader.read(part.path, gitBlob: false, buffer: &buffer) { bytes in
                    try whole.write(bytes)
                }
                try whole.synchronize()
                state.next += 1
            }
        }
    }

    /// Ends it, with what was put together.
    func finish(_ count: Int, _ keep: (IncomingContent) throws -> Void) throws {
        try state.withLock { state in
            guard state.next == count + 1, let whole = state.whole.take() else {
                throw HubRefusal(400, nil, "the part \(state.next) of \(count) has not come")
            }
            state.hasEnded = true
            try keep(whole)
        }
    }
}
