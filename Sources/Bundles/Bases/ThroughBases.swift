package import Caches
import Formats
package import Manifests
import Storage

/// Holds the files of a bundle that are in its bases against the lock, as far as the bases are named.
package struct ThroughBases {
    private let files: [SegmentedFile]
    private let level: VerifyReport.Level
    private let bases: BaseSet
    /// How many files of the bundle have a content.
    private let names: [SHA256Digest: Int]

    /// Opens the bases.
    ///
    /// - Parameter paths: directories or archives; those that the lock does not name are an error. Nothing is looked at where
    ///   it is `nil`.
    init(
        _ files: [SegmentedFile], _ lock: Lock, _ paths: [String]?, _ level: VerifyReport.Level
    ) throws {
        self.files = paths == nil ? [] : files
        self.level = level
        bases = try BaseSet(paths ?? [], for: lock)
        names = ThroughBases.names(lock)
    }

    /// How many files of a lock have each content, by which those that are equal are counted as the lock does.
    static func names(_ lock: Lock) -> [SHA256Digest: Int] {
        var names: [SHA256Digest: Int] = [:]
        for entry in lock.packed { for file in entry.files { names[file.sha256, default: 0] += 1 } }
        return names
    }

    /// How many files of a lock have one of these contents.
    static func count(_ files: [SegmentedFile], _ names: [SHA256Digest: Int]) -> Int {
        files.reduce(0) { $0 + (names[$1.sha256] ?? 0) }
    }

    /// What a look at the files found.
    struct Result {
        /// What does not hold, and what could not be looked at.
        var findings: [Diagnostic] = []
        /// How many files were looked at.
        var looked = 0
        /// How many files could not be put together, because the bundle is in a compressed archive.
        var unassembled = 0
    }

    /// Looks at the files.
    ///
    /// - Parameters:
    ///   - bundle: what the bundle is called in messages.
    ///   - source: the bundle's own stored files.
    ///   - isReachable: whether a stored file of the bundle can be read at any place.
    ///   - isThere: whether the bundle has a stored file; that one is missing is told where it is looked at.
    func look(
        _ bundle: String, from source: any StoredRanges, _ progress: @escaping ProgressHandler,
        isReachable: (RelativePath) -> Bool = { _ in true }, isThere: (RelativePath) -> Bool
    ) async throws -> Result {
        var result = Result()
        guard !files.isEmpty else { return result }
        let known = files.filter(bases.has)
        if known.count < files.count {
            result.findings.append(
                bases.missingFinding(
                    ThroughBases.count(files, names) - ThroughBases.count(known, names), of: bundle))
        }
        let whole = known.filter { $0.segments.allSatisfy { $0.base != nil || isThere($0.at) } }
        let reachable = whole.filter { $0.segments.allSatisfy { $0.base != nil || isReachable($0.at) } }
        result.unassembled = ThroughBases.count(whole, names) - ThroughBases.count(reachable, names)
        var wrong: [Diagnostic] = []
        if level == .full {
            wrong = try await SegmentProof(reachable, bases: bases).findingsThroughBases(in: source, progress)
        } else {
            for file in whole {
                if let problem = try bases.problem(file) { wrong.append(problem) }
            }
        }
        result.findings += wrong
        result.looked = ThroughBases.count(reachable, names)
        return result
    }

    /// Puts the files of a plan together that are in bases, of what the caches and the bases have, before it is packed.
    ///
    /// - Parameters:
    ///   - directory: what `path:` sources are relative to.
    ///   - bases: directories or archives.
    /// - Returns: a note where bases were not named, so that their locks alone state what they have.
    /// - Throws: what does not come out, and what cannot be read.
    package static func findings(
        _ plan: Plan, caches: Caches, directory: String, bases paths: [String],
        progress: @escaping ProgressHandler
    ) async throws -> [Diagnostic] {
        let bases = try BaseSet(paths, for: plan.lock)
        let known = plan.throughBases.filter(bases.has)
        if !known.isEmpty {
            let ranges = PlannedRanges(
                plan, locations: try plan.locations(caches: caches, directory: directory))
            let problems = try await SegmentProof(known, bases: bases).findingsThroughBases(
                in: ranges, progress)
            guard problems.isEmpty else { throw Diagnostics(problems) }
        }
        let names = names(plan.lock)
        let left = count(plan.throughBases, names) - count(known, names)
        guard left > 0 else { return [] }
        return [
            Diagnostic(
                code: .baseUnproved,
                "\(Counted.text(left, "file")) refer to bases by their locks alone: \(bases.missing.map(\.name).joined(separator: ", "))",
                fix: "name the bases with --base DIR, and they are put together and proved")
        ]
    }
}
