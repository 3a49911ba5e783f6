import Formats
import Manifests
import Storage

/// How far the members of an archive are read: never further than the bundle's lock states.
///
/// What a member claims costs time: a kilobyte of Zstandard can stand for gigabytes. A member that the lock does not
/// have, or has with another size, is not read. Passing over one takes decompressing it all the same in a compressed
/// archive, and so does looking for the lock, so that there all of them together have a limit.
struct MemberBounds {
    /// What may be decompressed of members that no lock accounts for: this, and so many times the archive's size.
    private static let smallSize = 1 << 30
    private static let largestRatio = 1024

    private let archive: String
    private let isCompressed: Bool
    private var left: Int
    private var expected: ExpectedFiles?

    /// Takes an archive of which the lock is not known.
    /// - Parameter size: the archive's own size in bytes.
    init(_ archive: String, format: ArchiveFormat, size: Int) {
        self.archive = archive
        isCompressed = format == .tarZstd
        let (product, overflow) = size.multipliedReportingOverflow(by: Self.largestRatio)
        let (sum, beyond) = product.addingReportingOverflow(Self.smallSize)
        left = overflow || beyond ? Int.max : sum
    }

    /// Bounds what follows by a lock.
    mutating func learn(_ lock: ExpectedFiles) { expected = lock }

    /// Whether a member's content is to be read.
    /// - Throws: where passing over it would take longer than anything in the archive accounts for.
    mutating func admits(_ entry: ArchiveEntry) throws(ArchiveError) -> Bool {
        guard let expected else {
            try take(entry)
            return true
        }
        if expected.admits(entry.path, size: entry.size) { return true }
        try take(entry)
        return false
    }

    private mutating func take(_ entry: ArchiveEntry) throws(ArchiveError) {
        guard isCompressed else { return }
        guard entry.size <= left else {
            let size = ByteCount.text(entry.size)
            throw ArchiveError(
                .tooLarge, archive, entry: entry.path.text,
                expected == nil
                    ? "has \(size), and the lock does not come before it; decompress the archive first"
                    : "has \(size), which the bundle's lock does not account for")
        }
        left -= entry.size
    }
}

extension ExpectedFiles {
    /// The most bytes that a file has that Knapsack itself makes.
    static let generatedLimit = Lock.sizeLimit

    /// Whether a file's content is worth reading: it has the size that the lock states, or is one that Knapsack makes and
    /// not too long for one.
    func admits(_ path: RelativePath, size: Int) -> Bool {
        if let content = content[path] { return content.size == size }
        return isGenerated(path) && size <= Self.generatedLimit
    }

    /// Whether a path is one of the files that Knapsack makes besides what the lock lists.
    func isGenerated(_ path: RelativePath) -> Bool {
        generated.contains(path) || path == ModelSignature.name
    }
}
