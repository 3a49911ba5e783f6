import Storage

/// Takes the bytes of a blob in their order while it is loaded, so that the blob itself does not have to be kept.
protocol BlobConsumer: Sendable {
    /// Looks what earlier runs took.
    /// - Returns: how many bytes from the start on do not have to be loaded again.
    func begin(_ identity: BlobIdentity) throws -> Int

    /// Takes everything, and returns when it is there.
    /// - Throws: also what ``BlobFeed/failure`` is, where the bytes do not come any more.
    func consume(_ feed: BlobFeed, _ identity: BlobIdentity) throws -> Consumption

    /// Removes everything that was taken: it was not what it had to be.
    func forget()
}

/// What came of a blob that was taken while it was loaded.
struct Consumption {
    /// The MD5 of all bytes.
    let md5: [UInt8]
    /// Why the bytes are of no use, if they are those that they have to be.
    let problem: (any Error)?
}

/// The bytes of a blob for whoever takes them in their order. Whatever is read for the first time is hashed; what was taken
/// can be given back to the disk. One thread uses it.
class BlobFeed: ArchiveFeed {
    let path: String
    let size: Int
    /// Why the bytes do not come any more; errors of the reader follow from that.
    private(set) var failure: (any Error)?
    /// Over the bytes from the start to where nobody was yet.
    private(set) var md5 = ResumableMD5()

    fileprivate init(path: String, size: Int) {
        self.path = path
        self.size = size
    }

    /// Goes on where an earlier run was.
    func resume(_ md5: ResumableMD5) { self.md5 = md5 }

    func read(into buffer: inout Buffer, at offset: Int, limit: Int) throws(ArchiveError) -> Int {
        let limit = min(limit, buffer.count, size - offset)
        guard limit > 0, offset >= 0 else { return 0 }
        do {
            let count = try load(into: &buffer, at: offset, limit: limit)
            let isNext = offset <= md5.count && md5.count < offset + count
            if isNext {
                buffer.withBytes(count) { bytes in
                    md5.update(bytes.extracting(md5.count - offset..<count))
                }
            }
            return count
        } catch {
            failure = error
            throw ArchiveError(.file, path, "\(error)")
        }
    }

    /// Takes bytes up to an offset that nobody else reads, so that they are hashed.
    func pass(to end: Int) throws {
        var buffer = Buffer(count: 1 << 18)
        while md5.count < end {
            let count = try read(into: &buffer, at: md5.count, limit: end - md5.count)
            guard count > 0 else { return }
        }
    }

    /// Bytes from an offset on, at least one; waits for them.
    fileprivate func load(into buffer: inout Buffer, at offset: Int, limit: Int) throws -> Int { 0 }

    /// Gives the room of everything before an offset back to the disk. If the process ends now, what follows the last
    /// place that was written down is loaded again.
    func giveBack(upTo end: Int) {}
}

/// The bytes of a blob that is being loaded. Whoever waits for them helps to load them.
final class LoadingFeed: BlobFeed {
    private let blob: LargeBlob
    private var worker: DownloadWorker

    /// Nothing is loaded yet; `worker` loads while there is nothing to take.
    init(_ blob: LargeBlob, _ worker: consuming DownloadWorker) {
        self.blob = blob
        self.worker = worker
        super.init(path: blob.task.path, size: blob.task.size)
    }

    /// How many bytes were received here.
    var received: Int { worker.received }

    override fileprivate func load(into buffer: inout Buffer, at offset: Int, limit: Int) throws -> Int {
        // A place far from the others, such as the end of the archive, is loaded next.
        if offset > md5.count { blob.partial.want(offset..<offset + limit) }
        blob.partial.reached(md5.count)
        while true {
            let end = blob.partial.end(from: offset)
            if end > offset {
                return try blob.partial.read(into: &buffer, at: offset, min(limit, end - offset))
            }
            try worker.cancellation.check()
            if blob.hasFailed { throw NetworkError.cancelled }
            if let range = blob.claim() {
                try blob.load(range, &worker)
            } else {
                pause(milliseconds: 2)
            }
        }
    }

    override func giveBack(upTo end: Int) { blob.partial.giveBack(upTo: end) }
}

/// The bytes of a file that is there.
final class WholeFeed: BlobFeed {
    private let file: FileHandle
    private var given = 0

    /// Opens the file, which is made shorter on the disk where ``giveBack(upTo:)`` is called.
    init(_ path: String) throws {
        file = try FileHandle.updating(path)
        super.init(path: path, size: try file.status().size)
    }

    override fileprivate func load(into buffer: inout Buffer, at offset: Int, limit: Int) throws -> Int {
        let count = try buffer.withMutableBytes(0..<limit) { bytes in try file.read(into: &bytes, at: offset)
        }
        guard count > 0 else { throw ReadFailure.changed(path: path) }
        return count
    }

    override func giveBack(upTo end: Int) {
        guard end > given else { return }
        file.makeHole(given..<end)
        given = end
    }
}
