public import Storage

/// What `pack` will write: every stored file once, with the entry's file that it is made from.
///
/// A plan follows from a lock alone, so that it can be shown and tested without a disk.
public struct Plan: Equatable, Sendable {
    /// One file of the bundle that holds content.
    public struct StoredFile: Equatable, Sendable {
        /// The path in the bundle.
        public let path: String
        /// The size in bytes.
        public let size: Int
        /// The digest of the content.
        public let sha256: SHA256Digest
        /// The name of the entry whose file it is made from.
        public let entry: String
        /// The path of that file below the entry.
        public let file: String
    }

    /// What one entry brings and costs.
    public struct Share: Equatable, Sendable {
        /// The entry's name.
        public let name: String
        /// The number of its files.
        public let files: Int
        /// The size of its files in bytes.
        public let named: Int
        /// The bytes that are stored for it, because no file before had them.
        public let stored: Int
    }

    /// The lock that the bundle follows.
    public let lock: Lock
    /// What is stored, sorted by the bytes of the paths.
    public let stored: [StoredFile]
    /// The entries' shares, in the lock's order.
    public let shares: [Share]

    /// The size of all files of all entries in bytes.
    public var named: Int { shares.reduce(0) { $0 &+ $1.named } }
    /// The size of what is stored in bytes.
    public var size: Int { stored.reduce(0) { $0 &+ $1.size } }

    /// Makes the plan of a lock.
    ///
    /// - Throws: where the lock does not say where the content of a stored path comes from, or gives one
    ///   path two contents; no lock that Knapsack wrote does.
    public init(_ lock: Lock) throws(Diagnostics) {
        var stored: [String: StoredFile] = [:]
        var shares: [Share] = []
        var total = 0
        for entry in lock.entries {
            var named = 0
            var own = 0
            for file in entry.files {
                let (sum, overflow) = total.addingReportingOverflow(file.size)
                guard !overflow else { throw Plan.contradiction("its files have more than 2^63 bytes") }
                total = sum
                named += file.size
                let path: String
                switch file.placement {
                case .natural: path = entry.naturalPath(of: file)
                case .at(let other) where other.hasPrefix(BundlePath.store + "/"): path = other
                case .at: continue
                case .segments: throw Plan.contradiction("it has segments")
                }
                if let present = stored[path] {
                    guard present.sha256 == file.sha256, present.size == file.size else {
                        throw Plan.contradiction("two contents are stored at \(path)")
                    }
                    continue
                }
                own += file.size
                stored[path] = StoredFile(
                    path: path, size: file.size, sha256: file.sha256, entry: entry.name, file: file.path)
            }
            shares.append(Share(name: entry.name, files: entry.files.count, named: named, stored: own))
        }
        for entry in lock.entries {
            for file in entry.files {
                guard case .at(let path) = file.placement else { continue }
                guard let home = stored[path], home.sha256 == file.sha256, home.size == file.size else {
                    throw Plan.contradiction("nothing is stored at \(path) for \(entry.name)/\(file.path)")
                }
            }
        }
        self.lock = lock
        self.stored = stored.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        self.shares = shares
    }

    private static func contradiction(_ message: String) -> Diagnostics {
        Diagnostics(
            Diagnostic(
                code: "lock-contradicts-itself", "the lock contradicts itself: \(message)",
                fix: "run knapsack lock to write it again", verdict: .undecided))
    }
}
