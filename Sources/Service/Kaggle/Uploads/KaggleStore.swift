package import Caches
import Formats
import Manifests
package import Storage
import Synchronization

/// What was uploaded by Kaggle's clients, as a kagglehub cache in a directory of the catalogue: versions with their markers, so
/// that it is served by what serves such a cache, and needs no server to be read.
///
/// What is not whole yet is in `.knapsack`, where nobody looks for versions: `uploads` has the content that is coming and what
/// it is, `versions` what is put together, `content` a name for each content by its SHA-256, so that it is on the disk once.
package final class KaggleStore: Sendable {
    /// The versions.
    package let cache: KagglehubCache
    /// The directory of the cache, absolute.
    let root: String
    /// Where everything is kept that is no version.
    let workshop: String
    private let busy = Mutex<Set<ExactName>>([])
    private let isMaking = Atomic(false)
    private let places: ThreadPlaces

    /// How long an upload may be gone on with, in nanoseconds: Kaggle's clients ask for another one after six days.
    private static let life: Int64 = 7 * 86_400 * 1_000_000_000
    /// What uploads leave free on the disk, in bytes, and after how many bytes that is looked at again.
    static let reserve = 1 << 30
    /// The same.
    static let step = 1 << 26

    /// Opens the store in a directory that nobody else uses, makes it if there is none, and removes what a killed server left
    /// unfinished.
    /// - Parameters:
    ///   - directory: that of the catalogue.
    ///   - mostWaiting: how many requests make or delete versions, or wait for that, at once, so that others are served meanwhile.
    package init(directory: String, mostWaiting: Int = 16) throws(FileError) {
        places = ThreadPlaces(limit: max(1, mostWaiting))
        let path = Path.join(directory, "kaggle")
        for name in ["uploads", "versions", "content"] {
            try Directory.make(Path.join(path, ".knapsack/\(name)"))
        }
        root = try Directory.realPath(path)
        workshop = Path.join(root, ".knapsack")
        cache = KagglehubCache(root: root)
        let versions = Path.join(workshop, "versions")
        for name in try Directory.names(in: versions) { try Directory.removeTree(Path.join(versions, name)) }
        for handle in cache.handles() where try FileStatus.existing(marker(handle)) == nil {
            try Directory.removeTree(Path.join(root, handle.dataFolder))
        }
        let now = currentTime()
        let uploads = Path.join(workshop, "uploads")
        for name in try Directory.names(in: uploads) {
            let path = Path.join(uploads, name)
            if let status = try FileStatus.existing(path), now - status.modified > KaggleStore.life {
                try Directory.removeFile(path)
            }
        }
    }

    /// The empty file that states that a version is whole.
    func marker(_ handle: KaggleHandle) -> String {
        Path.join(root, "\(handle.folder)/\(handle.version ?? 0).complete")
    }

    // MARK: Uploads

    /// A file that is uploaded.
    struct Upload: Sendable {
        /// What the client was given for it, which nobody can guess.
        let token: String
        /// Its name, without directories.
        let name: String
        /// Its size in bytes.
        let size: Int
        /// Who uploads it; empty where nobody has to be known.
        let user: String
    }

    /// Where the content of an upload is.
    func content(_ upload: Upload) -> String { Path.join(workshop, "uploads/\(upload.token)") }

    private func record(_ token: String) -> String { Path.join(workshop, "uploads/\(token).json") }

    /// Begins an upload.
    /// - Throws: also where the disk has no room for it.
    func begin(name: String, size: Int, user: String) throws(KaggleUploadProblem) -> Upload {
        let free: Int
        do throws(FileError) { free = try Directory.freeBytes(at: workshop) } catch { throw .file(error) }
        guard free - KaggleStore.reserve >= size else { throw .full }
        let upload = Upload(token: AccessToken.generate(), name: name, size: size, user: user)
        let json: JSON = ["name": .string(name), "size": .integer(size), "user": .string(user)]
        do throws(FileError) {
            _ = try FileHandle.creating(content(upload))
            _ = try AtomicFile.write(Array(json.compactText.utf8), to: record(upload.token))
        } catch {
            throw .file(error)
        }
        return upload
    }

    /// An upload by its token; `nil` if there is none.
    func upload(_ token: String) -> Upload? {
        guard (30...64).contains(token.utf8.count),
            token.utf8.allSatisfy({ $0 == UInt8(ascii: "_") || isLetterOrDigit($0) }),
            let bytes = try? FileReader.contents(of: record(token), limit: 1 << 16),
            let json = try? JSON.parse(bytes), let name = json["name"]?.string,
            let size = json["size"]?.integer,
            let user = json["user"]?.string
        else { return nil }
        return Upload(token: token, name: name, size: size, user: user)
    }

    private func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
    }

    /// How many bytes of an upload are there.
    func bytesThere(_ upload: Upload) -> Int { (try? FileStatus.status(of: content(upload)).size) ?? 0 }

    /// Takes bytes of an upload, as long as they come.
    ///
    /// - Parameters:
    ///   - start: where in the file the first of them is; `nil` for all of it from the beginning.
    ///   - next: the next bytes; none at their end.
    /// - Returns: how many bytes of the file are there now, from its beginning.
    func take(
        _ upload: Upload, from start: Int?, _ next: () throws(RequestBody.Problem) -> [UInt8]
    ) throws(KaggleUploadProblem) -> Int {
        let name = ExactName(upload.token)
        guard busy.withLock({ $0.insert(name).inserted }) else { throw .busy }
        defer { busy.withLock { _ = $0.remove(name) } }
        do {
            let file = try FileHandle.updating(content(upload))
            var there = try file.status().size
            if there == upload.size, there > 0 { return there }
            if start == nil, there > 0 {
                try file.resize(0)
                there = 0
            }
            var position = start ?? 0
            // Bytes that leave a hole are of no use.
            guard position <= there else { return there }
            var looked = 0
            while true {
                let part = try next()
                if part.isEmpty { break }
                guard upload.size - position >= part.count else { throw KaggleUploadProblem.tooLong }
                let known = min(part.count, max(0, there - position))
                if known < part.count {
                    if looked <= 0 {
                        guard try Directory.freeBytes(at: workshop) >= KaggleStore.reserve else {
                            throw KaggleUploadProblem.full
                        }
                        looked = KaggleStore.step
                    }
                    try file.write(part.span.extracting(known..<part.count), at: position + known)
                    there = position + part.count
                    looked -= part.count
                }
                position += part.count
            }
            if there == upload.size { try file.synchronizeContent() }
            return there
        } catch let problem as KaggleUploadProblem {
            throw problem
        } catch let problem as RequestBody.Problem {
            throw .body(problem)
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .failed
        }
    }

    /// Forgets uploads that became a version.
    func end(_ uploads: [Upload]) {
        for upload in uploads {
            try? Directory.removeFile(record(upload.token))
            try? Directory.removeFile(content(upload))
        }
    }

    /// Lets nobody else make a version meanwhile, so that each has a number of its own. Some wait, which may take as long as a
    /// large version is hashed.
    /// - Throws: also where too many wait already.
    func alone<Value>(_ body: () throws(KaggleUploadProblem) -> Value) throws(KaggleUploadProblem) -> Value {
        guard let place = places.take() else { throw .crowded }
        defer { withExtendedLifetime(place) {} }
        while isMaking.exchange(true, ordering: .acquiringAndReleasing) { pause(milliseconds: 10) }
        defer { isMaking.store(false, ordering: .releasing) }
        return try body()
    }
}

/// Why something is not uploaded.
enum KaggleUploadProblem: Error {
    /// It is refused, with a sentence for whoever uploads it.
    case refused(Int, String)
    /// Another request is sending the same.
    case busy
    /// Too many make or delete versions.
    case crowded
    /// More bytes came than were announced.
    case tooLong
    /// There is no room.
    case full
    /// The body did not come.
    case body(RequestBody.Problem)
    /// The disk does not do it.
    case file(FileError)
    /// It cannot be hashed.
    case failed

    /// The answer.
    var response: Response {
        switch self {
        case .refused(let status, let reason): return .kaggleRefusal(status, reason)
        case .busy:
            return .kaggleRefusal(503, "another request is sending the same file").with("Retry-After", "2")
        case .crowded:
            // kaggle 2.2.5 asks again after 429, and takes 503 for the end of it.
            return .kaggleRefusal(429, "too many make or delete versions at this moment: try again soon")
                .with("Retry-After", "10")
        case .tooLong: return ending(.kaggleRefusal(400, "more bytes came than were announced"))
        case .full: return ending(.kaggleRefusal(507, "the server has no room for the upload"))
        case .body(let problem): return problem.response
        case .file(let error):
            return error.isFullDisk
                ? ending(.kaggleRefusal(507, "the server has no room for the upload"))
                : ending(.kaggleRefusal(500, "the server cannot keep the upload"))
        case .failed: return ending(.kaggleRefusal(500, "the server cannot keep the upload"))
        }
    }

    private func ending(_ response: Response) -> Response {
        var response = response
        response.ends = true
        return response
    }
}
