import Caches
package import Formats
package import Manifests
import Storage

/// Restores what a bundle was packed from: plain directories, a Hugging Face cache, a kagglehub cache.
///
/// Every file is proved against the lock before it gets its name. What is there already stays: where it is
/// right it is used, and where it is not nothing at all is written.
package struct Unpacker: Sendable {
    private enum Source: Sendable {
        /// A bundle that can be read at any place, several files at once.
        case content(any BundleContent)
        case archive(ArchiveContent)
    }

    private let source: Source
    private let name: String
    private let bundle: String?
    private let bases: BaseSet
    private let plans: [UnpackPlan]
    private let left: [(name: String, form: UnpackTarget.Form)]

    /// Reads the bundle's lock, and plans.
    ///
    /// - Parameters:
    ///   - targets: where to write; directories that differ.
    ///   - names: the entries to restore; all where it is `nil`.
    ///   - bundle: the bundle's directory without links, in which nothing may be written.
    ///   - bases: directories or archives of bundles that it builds on.
    package init(
        _ content: any BundleContent, to targets: [UnpackTarget], entries names: Set<ExactName>? = nil,
        bundle: String? = nil, bases: [String] = []
    ) throws {
        try self.init(.content(content), content.name, content.lock(), targets, names, bundle, bases)
    }

    /// Plans the same for a bundle in an archive.
    package init(
        _ archive: ArchiveContent, to targets: [UnpackTarget], entries names: Set<ExactName>? = nil,
        bases: [String] = []
    ) throws {
        try self.init(.archive(archive), archive.name, archive.lock, targets, names, nil, bases)
    }

    private init(
        _ source: Source, _ name: String, _ lock: Lock, _ targets: [UnpackTarget], _ names: Set<ExactName>?,
        _ bundle: String?, _ bases: [String]
    ) throws {
        let wanted = lock.packed.filter { names?.contains($0.name) ?? true }
        let known = lock.packed.map(\.name)
        let unknown = (names ?? []).subtracting(Set(exactly: known))
        guard unknown.isEmpty else {
            throw Diagnostics(
                unknown.sorted().map(\.text).map { entry -> Diagnostic in
                    let isSource = lock.entry(named: entry) != nil
                    return .unknownEntry(
                        entry, among: known,
                        isSource
                            ? "\(name) does not have the files of \(entry), which others were made from"
                            : "\(name) has no entry \(quoted(entry))")
                })
        }
        let homeless = wanted.filter { entry in !targets.contains { $0.takes(entry.origin) } }
        if names != nil, !homeless.isEmpty {
            throw Diagnostics(
                homeless.map { entry in
                    Diagnostic(
                        code: .entryHasNoCache,
                        "\(entry.name) comes from \(entry.asked.text), which none of the given targets restores",
                        fix: "add --\(entry.form.rawValue) DIR", verdict: .undecided)
                })
        }
        var plans: [UnpackPlan] = []
        for target in targets {
            let taken = wanted.filter { target.takes($0.origin) }
            if !taken.isEmpty { plans.append(try UnpackPlan(target, taken)) }
        }
        guard !plans.isEmpty else { throw Unpacker.nothing(name, wanted) }
        self.source = source
        self.name = name
        self.bundle = bundle
        self.plans = plans
        self.bases = try BaseSet(bases, for: lock)
        left = homeless.map { ($0.name, $0.form) }
    }

    /// Refuses targets that restore no entry of a bundle, as ``unpack(progress:)`` would: before its files are loaded.
    package static func requireEntries(
        of lock: Lock, for targets: [UnpackTarget], name: String
    ) throws(Diagnostics) {
        let isWanted = lock.packed.contains { entry in targets.contains { $0.takes(entry.origin) } }
        guard isWanted else { throw nothing(name, lock.packed) }
    }

    private static func nothing(_ name: String, _ wanted: [LockedEntry]) -> Diagnostics {
        Diagnostics(
            Diagnostic(
                code: .nothingToUnpack, "\(name) has no entry that the given targets restore",
                notes: wanted.map { "\($0.name) comes from \($0.asked.text)" },
                fix: Set(wanted.map(\.form.rawValue)).subtracting(["to"]).sortedByBytes()
                    .map { "add --\($0) DIR, or " }.joined()
                    + "add --to DIR, which restores entries of every source", verdict: .undecided))
    }

    /// Restores everything.
    ///
    /// - Throws: where nothing was written, because something is in the way, the bundle lacks something, or
    ///   there is no room; and where a system call failed midway. Then the next run goes on.
    package func unpack(progress: @escaping ProgressHandler) async throws -> UnpackReceipt {
        try checkBundle()
        var directories: [UnpackDirectory] = []
        for plan in plans {
            let directory = try UnpackDirectory(plan.target, outside: bundle)
            directories.append(directory)
        }
        var writers: [UnpackWriter] = []
        var conflicts: [Diagnostic] = []
        for (plan, directory) in zip(plans, directories) {
            let survey = UnpackSurvey(plan, in: directory)
            let states = try await survey.states(progress: progress)
            conflicts += try states.flatMap(\.conflicts) + survey.conflictsOfTexts()
            writers.append(
                UnpackWriter(bundle: name, plan: plan, states: states, directory: directory, bases: bases))
        }
        guard conflicts.isEmpty else { throw Diagnostics(Unpacker.unique(conflicts)) }
        try checkFreeSpace(writers)

        let files = writers.reduce(0) { $0 + $1.states.count { !$0.isPresent } }
        let bytes = writers.reduce(0) { $0.addingReportingOverflow($1.needed).partialValue }
        progress(.began(stage: "unpacking", files: files, bytes: bytes))
        defer { progress(.ended) }
        var findings: [Diagnostic] = []
        var parts: [UnpackReceipt.Part] = []
        var streamed: [UnpackWriter.Finished]?
        if case .archive(let archive) = source {
            var stream = UnpackStream(archive, writers, progress: progress)
            streamed = try await stream.write()
        }
        for (number, writer) in writers.enumerated() {
            var finished = streamed?[number] ?? UnpackWriter.Finished()
            if case .content(let content) = source {
                finished = try await writer.write(from: content, progress: progress)
            }
            findings += finished.findings + writer.plan.findings
            let lost = writer.plan.items.filter { finished.lost.contains($0.number) }
            let present = writer.plan.items.reduce(0) { sum, item in
                writer.states[item.number].isPresent ? sum &+ item.size : sum
            }
            parts.append(
                UnpackReceipt.Part(
                    target: writer.plan.target, entries: writer.plan.entries,
                    files: writer.plan.files - lost.reduce(0) { $0 + $1.files },
                    lost: lost.reduce(0) { $0 + $1.files },
                    written: writer.needed - lost.reduce(0) { $0 &+ $1.size }, present: present))
        }
        return UnpackReceipt(parts: parts, leftEntries: left, findings: findings)
    }

    // MARK: Before anything is written

    /// Whether the bundle and its bases have every range that is wanted; that they are right is proved while they are read.
    private func checkBundle() throws {
        let items = plans.flatMap(\.items)
        let baseless = items.filter { !bases.has($0.ranges) }
        guard baseless.isEmpty else {
            throw Diagnostics(bases.missingFinding(baseless.reduce(0) { $0 + $1.files }, of: name))
        }
        var problems: [Diagnostic] = []
        for item in items where item.ranges.contains(where: { $0.base != nil }) {
            if let problem = try bases.problem(item.segmented) { problems.append(problem) }
        }
        try problems += ownProblems(items)
        guard problems.isEmpty else { throw Diagnostics(Unpacker.unique(problems)) }
    }

    private func ownProblems(_ items: [UnpackPlan.Item]) throws -> [Diagnostic] {
        var sizes: [RelativePath: Int] = [:]
        var problems: [Diagnostic] = []
        var told: Set<RelativePath> = []
        for item in items {
            for range in item.ranges where range.base == nil {
                let key = range.at
                guard !told.contains(key) else { continue }
                do {
                    let known: Int?
                    switch source {
                    case .content(let content): known = try sizes[key] ?? content.size(of: range.at)
                    case .archive(let archive):
                        // Of a compressed archive that is known when it was read.
                        guard let all = archive.sizes else { return problems }
                        known = all[key]
                    }
                    sizes[key] = known
                    guard let size = known else {
                        told.insert(key)
                        problems.append(problem(.missing, range.at, "is missing", item))
                        continue
                    }
                    // The lock's reader made sure that no range ends past 2^63.
                    if range.offset + range.length > size {
                        told.insert(key)
                        problems.append(problem(.changed, range.at, "is too short: \(size) bytes", item))
                    }
                } catch {
                    told.insert(key)
                    problems.append(
                        Diagnostic(
                            code: .unreadable, "\(name): \(range.at) could not be read",
                            notes: ["\(error)"], verdict: .undecided))
                }
            }
        }
        return problems
    }

    private func problem(
        _ code: FindingCode, _ path: RelativePath, _ clause: String, _ item: UnpackPlan.Item
    ) -> Diagnostic {
        Diagnostic(
            code: code, "\(name): \(FileWalk.shown(path)) \(clause)",
            notes: ["needed for \(item.name)", "nothing was written"], fix: "copy the bundle again")
    }

    private func checkFreeSpace(_ writers: [UnpackWriter]) throws {
        // Targets on one file system share its space.
        var needed: [UInt64: (bytes: Int, path: String)] = [:]
        for writer in writers {
            let device = try FileStatus.status(of: writer.directory.path).device
            let before = needed[device]?.bytes ?? 0
            let (sum, overflow) = before.addingReportingOverflow(writer.needed)
            needed[device] = (overflow ? Int.max : sum, writer.directory.path)
        }
        for (bytes, path) in needed.values.sorted(by: { $0.path.precedesByBytes($1.path) }) where bytes > 0 {
            // The directories' own blocks besides.
            let (wanted, overflow) = bytes.addingReportingOverflow(1 << 20)
            try SpaceNeeded(
                overflow ? Int.max : wanted, for: path,
                fix: "free space there, choose another directory, or name fewer entries with --entry"
            ).check()
        }
    }

    /// One thing in the way of many files is told once.
    private static func unique(_ problems: [Diagnostic]) -> [Diagnostic] {
        var seen: Set<ExactName> = []
        return problems.filter { seen.insert($0.message).inserted }
    }
}

extension LockedEntry {
    /// The form that brings an entry back to where it came from.
    fileprivate var form: UnpackTarget.Form {
        switch origin {
        case .hub: .hub
        case .kaggle: .kagglehub
        case .registry, .path, .conversion: .directories
        }
    }
}
