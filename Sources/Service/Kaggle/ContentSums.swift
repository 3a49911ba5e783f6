package import Caches
import Catalogue
import Formats
package import Storage
import Synchronization

/// What is computed of a file before it leaves: Kaggle's clients compare the MD5, archives state the CRC-32.
package struct ContentSums: Hashable, Sendable {
    /// The SHA-256, of which the ETag is made.
    package let sha256: SHA256Digest
    /// The MD5, 16 bytes.
    package let md5: [UInt8]
    /// The checksum of zip and gzip.
    package let crc32: UInt32

    /// As ``SumProver`` remembers it.
    var text: String { "\(sha256.hex) \(Hex.text(md5)) \(crc32)" }

    /// Puts sums together.
    init(sha256: SHA256Digest, md5: [UInt8], crc32: UInt32) {
        self.sha256 = sha256
        self.md5 = md5
        self.crc32 = crc32
    }

    /// Reads ``text``; `nil` for what is none.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: 0x20).map { String(Substring($0)) }
        guard parts.count == 3, let sha256 = SHA256Digest(hex: parts[0]), let md5 = Hex.bytes(parts[1]),
            md5.count == 16, let crc32 = UInt32(parts[2])
        else { return nil }
        self.init(sha256: sha256, md5: md5, crc32: crc32)
    }
}

/// Computes the sums of files, each once, and remembers them with what the kernel states of the file.
///
/// A kagglehub cache states no digest of a file, so nothing can refute one: what is proved is that the download of the file
/// ended, as its marker states, and that it did not change since its sums were computed.
package final class SumProver: Sendable {
    /// What is known of a file.
    package enum Verdict: Sendable {
        /// Its content, which agrees with all that is stated of it.
        case proved(ContentSums)
        /// It does not agree.
        case refuted
        /// It cannot be read, or changed meanwhile.
        case unreadable
        /// It is being read.
        case pending
    }

    private struct State {
        var known: [FileStatus: ContentSums] = [:]
        var running: Set<FileStatus> = []
    }

    private let index: ValueIndex?
    private let places: ThreadPlaces
    private let state = Mutex(State())
    private let isStopping = Atomic(false)

    /// The file of the index, in Knapsack's own cache directory.
    package static let indexName = "sums.sqlite"
    /// How many sums are kept in memory.
    private static let room = 200_000

    /// - Parameters:
    ///   - index: where sums are remembered; `nil` computes everything again.
    ///   - mostWaiting: how many requests read a file, or wait for one, at once, so that others are served meanwhile.
    package init(index: ValueIndex?, mostWaiting: Int = 32) {
        self.index = index
        places = ThreadPlaces(limit: max(1, mostWaiting))
    }

    /// Has all who wait be told that it takes longer.
    package func stop() { isStopping.store(true, ordering: .releasing) }

    /// What is known of a file, after waiting for it so long. Whoever asks first reads it, all others wait for that.
    package func verdict(on file: CachedFile, seconds: Double) -> Verdict {
        if let known = known(file.status) { return judge(file, known) }
        guard let place = places.take() else { return .pending }
        defer { withExtendedLifetime(place) {} }
        let end = steadyTime() + Int64(seconds * 1e9)
        var step = 1
        while true {
            if let known = known(file.status) { return judge(file, known) }
            guard !isStopping.load(ordering: .acquiring), steadyTime() < end else { return .pending }
            if state.withLock({ $0.running.insert(file.status).inserted }) {
                defer { state.withLock { _ = $0.running.remove(file.status) } }
                // Another thread may have ended in between.
                if let known = known(file.status) { return judge(file, known) }
                do {
                    let sums = try read(file)
                    remember(sums, file.status)
                    return judge(file, sums)
                } catch ReadFailure.cancelled {
                    return .pending
                } catch {
                    return .unreadable
                }
            }
            pause(milliseconds: step)
            step = min(step * 2, 50)
        }
    }

    private func judge(_ file: CachedFile, _ sums: ContentSums) -> Verdict {
        let digests = ContentDigests(sha256: sums.sha256, gitBlob: nil, md5: sums.md5)
        return file.contradiction(of: digests) == nil ? .proved(sums) : .refuted
    }

    private static func key(_ status: FileStatus) -> String {
        "\(status.device) \(status.inode) \(status.size) \(status.modified) \(status.changed)"
    }

    private func known(_ status: FileStatus) -> ContentSums? {
        if let sums = state.withLock({ $0.known[status] }) { return sums }
        guard let text = index?.texts(for: [SumProver.key(status)]).first,
            let sums = text.flatMap(ContentSums.init)
        else { return nil }
        keep(sums, status)
        return sums
    }

    private func keep(_ sums: ContentSums, _ status: FileStatus) {
        state.withLock { state in
            if state.known.count >= SumProver.room { state.known = [:] }
            state.known[status] = sums
        }
    }

    private func remember(_ sums: ContentSums, _ status: FileStatus) {
        keep(sums, status)
        // A file that was changed a moment ago could be changed again within the same tick of its times.
        guard currentTime() - status.changed > SumProver.settled else { return }
        index?.remember([(SumProver.key(status), sums.text)])
    }

    /// How long a file has to have been left alone before its sums are written down, in nanoseconds.
    private static let settled: Int64 = 2_000_000_000

    private func read(_ file: CachedFile) throws -> ContentSums {
        var buffer = Buffer(count: FileReader.blockSize)
        let handle = try FileHandle.reading(file.location)
        guard try handle.status() == file.status else { throw ReadFailure.changed(path: file.location) }
        var hasher = try ContentHasher(md5: true)
        var checksum = CRC32()
        try handle.read(0..<file.status.size, into: &buffer) { bytes in
            if isStopping.load(ordering: .relaxed) { throw ReadFailure.cancelled }
            try hasher.update(bytes)
            checksum.update(bytes)
        }
        guard try handle.status() == file.status else { throw ReadFailure.changed(path: file.location) }
        let digests = try hasher.finish()
        return ContentSums(sha256: digests.sha256, md5: digests.md5 ?? [], crc32: checksum.value)
    }
}
