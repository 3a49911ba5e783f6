import Formats
package import Manifests

/// Where the files of a lock are on this machine.
package struct LockedSources: Sendable {
    /// One file of the lock, with its place, or why it has none.
    package struct File: Sendable {
        /// The entry that the file belongs to.
        package let entry: LockedEntry
        /// What the lock states of the file.
        package let file: LockedFile
        /// The absolute path without links; `nil` where the cache lacks the file.
        package let location: String?
        /// What its cache states of the content, where nothing does but a Xet hash; `nil` else.
        package let xetEvidence: Evidence?
    }

    /// All files of all entries whose snapshot is there, in the lock's order.
    package let files: [File]
    /// Entries whose snapshot could not be found.
    package let findings: [Diagnostic]

    /// Looks every entry's pinned revision up in the caches.
    ///
    /// Files that were converted are looked for in Knapsack's own cache; they are not made here.
    /// - Parameters:
    ///   - name: the only entry to look up; `nil` for all.
    ///   - packed: whether only entries whose files are in the bundle are looked up.
    ///   - directory: what `path:` sources are relative to: where the manifest is stored.
    package init(
        _ lock: Lock, only name: String? = nil, packed: Bool = false, caches: Caches, directory: String
    ) {
        var files: [File] = []
        var findings: [Diagnostic] = []
        for entry in packed ? lock.packed : lock.entries
        where name.map(entry.name.hasSameBytes) ?? true {
            if let request = entry.asked.conversion {
                let found = LockedSources.converted(entry, request, lock, caches, directory)
                files += found.files
                findings += found.findings
                continue
            }
            do {
                guard let text = entry.asked.source, let source = try? Source.parse(text) else {
                    throw Diagnostics(
                        Diagnostic(
                            code: .lockMalformed,
                            "\(entry.name): the lock's source \"\(entry.asked.text)\" is not valid",
                            fix: "run knapsack lock {manifest} to write it again", verdict: .undecided))
                }
                let snapshot = try caches.snapshot(
                    for: source, pinned: entry.origin, manifestDirectory: directory)
                var cached: [RelativePath: CachedFile] = [:]
                for file in snapshot.files { cached[file.path] = file }
                let found = entry.files.map { file in
                    let there = cached[file.path]
                    return File(
                        entry: entry, file: file, location: there?.location,
                        xetEvidence: there?.isKnownByXetAlone == true ? there?.evidence.first : nil)
                }
                files += found
                // A file that is refused (a link out of the cache, say) is told with its reason.
                let refused = snapshot.problems.filter { $0.severity == .error }
                if found.contains(where: { $0.location == nil }) { findings += refused }
            } catch let problem as Diagnostics {
                findings += problem.all
            } catch {
                findings.append(
                    Diagnostic(code: .unreadable, "\(entry.name): \(error)", verdict: .undecided))
            }
        }
        self.files = files
        self.findings = findings
    }

    private init(files: [File], findings: [Diagnostic]) {
        self.files = files
        self.findings = findings
    }

    /// An entry that was made from another one: what was made, and what was carried along.
    private static func converted(
        _ entry: LockedEntry, _ request: ConversionRequest, _ lock: Lock, _ caches: Caches,
        _ directory: String
    ) -> LockedSources {
        guard let source = lock.entry(named: request.from), source.asked.source != nil,
            case .conversion(let conversion) = entry.origin
        else {
            return LockedSources(
                files: [],
                findings: [
                    Diagnostic(
                        code: .lockContradictsItself,
                        "the lock contradicts itself: \(entry.name) is made from \(request.from), which it lacks",
                        fix: "run knapsack lock {manifest} to write it again", verdict: .undecided)
                ])
        }
        let carried = LockedSources(lock, only: source.name, caches: caches, directory: directory)
        var locations: [RelativePath: String] = [:]
        for file in carried.files { locations[file.file.path] = file.location }
        let key = conversion.key
        return LockedSources(
            files: entry.files.map { file in
                let location: String? =
                    if file.proof == .conversion {
                        key.flatMap { caches.conversions?.existing(file.path, key: $0) }
                    } else {
                        locations[file.path]
                    }
                return File(entry: entry, file: file, location: location, xetEvidence: nil)
            }, findings: [])
    }
}
