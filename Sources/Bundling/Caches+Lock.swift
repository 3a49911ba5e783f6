import Storage

/// Where the files of a lock lie on this machine.
struct LockedSources: Sendable {
    /// One file of the lock, with its place, or why it has none.
    struct File: Sendable {
        let entry: LockedEntry
        let file: LockedFile
        /// The absolute path without links; `nil` where the cache lacks the file.
        let location: String?
    }

    /// All files of all entries whose snapshot is there, in the lock's order.
    let files: [File]
    /// Entries whose snapshot could not be found.
    let findings: [Diagnostic]

    /// Looks every entry's pinned revision up in the caches.
    ///
    /// - Parameter directory: what `path:` sources are relative to: where the manifest lies.
    init(_ lock: Lock, caches: Caches, directory: String) {
        var files: [File] = []
        var findings: [Diagnostic] = []
        for entry in lock.entries {
            do {
                guard let source = try? Source.parse(entry.asked.source) else {
                    throw Diagnostics(
                        Diagnostic(
                            code: "lock-malformed",
                            "\(entry.name): the lock's source \"\(entry.asked.source)\" is not a source",
                            fix: "run knapsack lock to write it again", verdict: .undecided))
                }
                let snapshot = try caches.snapshot(
                    for: source, pinned: entry.origin, manifestDirectory: directory)
                // By bytes: two names that Swift calls equal may be two files.
                var locations: [[UInt8]: String] = [:]
                for file in snapshot.files { locations[Array(file.path.utf8)] = file.location }
                let found = entry.files.map {
                    File(entry: entry, file: $0, location: locations[Array($0.path.utf8)])
                }
                files += found
                // A file that is refused (a link out of the cache, say) is told with its reason.
                let refused = snapshot.problems.filter { $0.severity == .error }
                if found.contains(where: { $0.location == nil }) { findings += refused }
            } catch let problem as Diagnostics {
                findings += problem.all
            } catch {
                findings.append(
                    Diagnostic(code: "unreadable", "\(entry.name): \(error)", verdict: .undecided))
            }
        }
        self.files = files
        self.findings = findings
    }
}

extension BundleWriter {
    /// Prepares the writing of a plan out of the caches.
    ///
    /// - Throws: everything that is not in the caches any more, at once.
    public init(
        _ plan: Plan, caches: Caches, directory: String, target: String
    ) throws(Diagnostics) {
        let locations = try plan.locations(caches: caches, directory: directory)
        self.init(plan: plan, locations: locations, target: target)
    }
}

extension Plan {
    /// Where the content of every stored file lies now, by the path in the bundle.
    ///
    /// - Throws: everything that is not in the caches any more, at once.
    func locations(caches: Caches, directory: String) throws(Diagnostics) -> [String: String] {
        let sources = LockedSources(lock, caches: caches, directory: directory)
        var missing = sources.findings
        var byFile: [[UInt8]: String] = [:]
        for source in sources.files {
            if let location = source.location {
                byFile[Array("\(source.entry.name)/\(source.file.path)".utf8)] = location
            }
        }
        let lost = Set(sources.findings.isEmpty ? [] : lock.entries.map(\.name))
        var locations: [String: String] = [:]
        for stored in stored {
            if let location = byFile[Array("\(stored.entry)/\(stored.file)".utf8)] {
                locations[stored.path] = location
            } else if !lost.contains(stored.entry) {
                missing.append(
                    Diagnostic(
                        code: "file-missing", "\(stored.entry): \(stored.file) is not in the cache any more",
                        notes: ["the lock has it with sha256 \(stored.sha256)"],
                        fix: "download it again, or run knapsack lock --update \(stored.entry)",
                        verdict: .undecided))
            }
        }
        guard missing.isEmpty else { throw Diagnostics(missing) }
        return locations
    }
}
