package import Formats
package import Storage

/// What `pack` will write: every stored file once, with the entry's file that it is made from.
///
/// A plan follows from a lock alone, so that it can be shown and tested without a disk.
package struct Plan: Equatable, Sendable {
    /// One file of the bundle that holds content.
    package struct StoredFile: Equatable, Sendable {
        /// The path in the bundle.
        package let path: RelativePath
        /// The size in bytes.
        package let size: Int
        /// The digest of the content.
        package let sha256: SHA256Digest
        /// The name of the entry whose file it is made from.
        package let entry: String
        /// The path of that file below the entry.
        package let file: RelativePath
        /// The ranges of that file that it consists of; `nil` for all of it.
        package let ranges: [Range<Int>]?
    }

    /// What one entry brings and costs.
    package struct Share: Equatable, Sendable {
        /// The entry's name.
        package let name: String
        /// The number of its files.
        package let files: Int
        /// The size of its files in bytes.
        package let named: Int
        /// The bytes that are stored for it, because no file before had them.
        package let stored: Int
        /// The bytes of its files in segments that others store.
        package let savedByTensors: Int
        /// The bytes that are in bases.
        package let inBases: Int

        /// The bytes of files that others store whole.
        package var savedByFiles: Int { named - stored - savedByTensors - inBases }
    }

    /// The lock that the bundle follows.
    package let lock: Lock
    /// What is stored, sorted by the bytes of the paths.
    package let stored: [StoredFile]
    /// The files in segments of this bundle alone, equal ones once.
    package let segmented: [SegmentedFile]
    /// The files of which bases have all or a part, equal ones once.
    package let throughBases: [SegmentedFile]
    /// The shares of the packed entries, in the order of ``Lock/packed``.
    package let shares: [Share]

    /// The size of all files of all entries in bytes.
    package var named: Int { shares.reduce(0) { $0 &+ $1.named } }
    /// The size of what is stored in bytes.
    package var size: Int { stored.reduce(0) { $0 &+ $1.size } }
    /// The bytes of the entries' files that are in bases.
    package var inBases: Int { shares.reduce(0) { $0 &+ $1.inBases } }

    /// Makes the plan of a lock.
    ///
    /// - Throws: where the lock does not say where the content of a stored path comes from, or gives one
    ///   path two contents; no lock that Knapsack wrote does.
    package init(_ lock: Lock) throws(Diagnostics) {
        var builder = PlanBuilder()
        try builder.add(lock)
        self.lock = lock
        stored = builder.order.sorted { $0.path < $1.path }
        segmented = builder.segmented
        throughBases = builder.throughBases
        shares = builder.shares
    }
}

/// Collects what a lock stores.
private struct PlanBuilder {
    var stored: [RelativePath: Plan.StoredFile] = [:]
    /// The same in the order of the lock, which is nearly that of the paths: sorting it takes few comparisons.
    var order: [Plan.StoredFile] = []
    var segmented: [SegmentedFile] = []
    var throughBases: [SegmentedFile] = []
    var shares: [Plan.Share] = []
    private var total = 0
    /// How far segments reach into contents of the store.
    private var reach: [RelativePath: Int] = [:]
    private var seen: Set<SHA256Digest> = []

    mutating func add(_ lock: Lock) throws(Diagnostics) {
        let entries = lock.packed
        for entry in entries {
            for file in entry.files {
                guard case .segments(let segments) = file.placement else { continue }
                for segment in segments where segment.base == nil {
                    reach[segment.at] = max(reach[segment.at] ?? 0, segment.offset + segment.length)
                }
            }
        }
        for entry in entries { try add(entry) }
        for entry in entries {
            for file in entry.files { try check(file, of: entry) }
        }
    }

    private mutating func add(_ entry: LockedEntry) throws(Diagnostics) {
        var named = 0
        var own = 0
        var savedByTensors = 0
        var inBases = 0
        for file in entry.files {
            let (sum, overflow) = total.addingReportingOverflow(file.size)
            guard !overflow else { throw contradiction("its files have more than 2^63 bytes") }
            total = sum
            named += file.size
            switch file.placement {
            case .natural: own += try store(entry.naturalPath(of: file), file, entry)
            case .at(let path) where path == Lock.storePath(file.sha256):
                own += try store(path, file, entry)
            case .at: break
            case .segments(let segments):
                let bytes = try storeOwn(segments, file, entry)
                own += bytes
                guard seen.insert(file.sha256).inserted else { continue }
                let elsewhere = segments.reduce(0) { $0 + ($1.base == nil ? 0 : $1.length) }
                inBases += elsewhere
                savedByTensors += file.size - bytes - elsewhere
                let whole = SegmentedFile(
                    name: "\(entry.name)/\(file.path)", size: file.size, sha256: file.sha256,
                    segments: segments)
                if elsewhere > 0 { throughBases.append(whole) } else { segmented.append(whole) }
            case .base:
                inBases += file.size
                guard seen.insert(file.sha256).inserted, let whole = SegmentedFile(inBase: file, of: entry)
                else { continue }
                throughBases.append(whole)
            }
        }
        shares.append(
            Plan.Share(
                name: entry.name, files: entry.files.count, named: named, stored: own,
                savedByTensors: savedByTensors, inBases: inBases))
    }

    /// Stores a whole file, unless it is stored already.
    /// - Returns: the bytes that this took.
    private mutating func store(
        _ path: RelativePath, _ file: LockedFile, _ entry: LockedEntry
    ) throws(Diagnostics) -> Int {
        try store(
            Plan.StoredFile(
                path: path, size: file.size, sha256: file.sha256, entry: entry.name, file: file.path,
                ranges: nil))
    }

    /// Stores the own bytes of a file in segments.
    private mutating func storeOwn(
        _ segments: [Segment], _ file: LockedFile, _ entry: LockedEntry
    ) throws(Diagnostics) -> Int {
        var bytes = 0
        for (digest, ranges) in segments.ownContents.sorted(by: { $0.key.hex < $1.key.hex }) {
            let path = Lock.storePath(digest)
            let size = ranges.reduce(0) { $0 + $1.count }
            // Others may use all of it from the start, but only its owner has all of it.
            guard reach[path] == size, stored[path] == nil else { continue }
            bytes += try store(
                Plan.StoredFile(
                    path: path, size: size, sha256: digest, entry: entry.name, file: file.path,
                    ranges: ranges))
        }
        return bytes
    }

    private mutating func store(_ new: Plan.StoredFile) throws(Diagnostics) -> Int {
        if let present = stored[new.path] {
            guard present.sha256 == new.sha256, present.size == new.size else {
                throw contradiction("two contents are stored at \(new.path)")
            }
            return 0
        }
        stored[new.path] = new
        order.append(new)
        return new.size
    }

    /// Whether all that a file refers to is stored.
    private func check(_ file: LockedFile, of entry: LockedEntry) throws(Diagnostics) {
        switch file.placement {
        case .natural: break
        case .at(let path):
            guard let home = stored[path], home.sha256 == file.sha256, home.size == file.size else {
                throw contradiction("nothing is stored at \(path) for \(entry.name)/\(file.path)")
            }
        // What a base has is known where the base is.
        case .base: break
        case .segments(let segments):
            for segment in segments where segment.base == nil {
                guard let home = stored[segment.at], segment.length <= home.size,
                    segment.offset <= home.size - segment.length
                else {
                    throw contradiction("nothing is stored at \(segment.at) for \(entry.name)/\(file.path)")
                }
            }
        }
    }

    private func contradiction(_ message: String) -> Diagnostics {
        Diagnostics(
            Diagnostic(
                code: .lockContradictsItself, "the lock contradicts itself: \(message)",
                fix: "run knapsack lock {manifest} to write it again", verdict: .undecided))
    }
}
