import Caches
import Formats
import Manifests
import ModelFacts
import Rules
import Storage

/// The wheels of all entries, read where an earlier lock does not have the same wheel.
struct WheelSurvey: Sendable {
    /// A wheel to read.
    private struct Job: Sendable {
        let entry: String
        let path: RelativePath
        let location: String
        let size: Int
    }

    private let known: [ExactName: [RelativePath: WheelFacts]]

    /// Reads the wheels among entries that were found and hashed.
    ///
    /// - Parameters:
    ///   - entries: each with its files as they are locked.
    ///   - again: read even those that an earlier lock has.
    static func read(
        _ entries: [(found: FoundEntry, files: [LockedFile])], again: Bool,
        _ progress: @escaping ProgressHandler
    ) async throws -> WheelSurvey {
        try await WheelSurvey(entries, again: again, progress)
    }

    private init(
        _ entries: [(found: FoundEntry, files: [LockedFile])], again: Bool,
        _ progress: @escaping ProgressHandler
    ) async throws {
        var known: [ExactName: [RelativePath: WheelFacts]] = [:]
        var jobs: [Job] = []
        for (found, files) in entries where found.entry.kind == .wheels {
            let name = found.entry.name
            let earlier = again ? [:] : WheelSurvey.earlier(found.previous)
            let locations = Dictionary(found.files.map { ($0.path, $0.location) }) { first, _ in first }
            for file in files where WheelFiles.isWheel(file.path) {
                if let (digest, facts) = earlier[file.path], digest == file.sha256 {
                    known[ExactName(name), default: [:]][file.path] = facts
                } else if let location = locations[file.path] {
                    jobs.append(Job(entry: name, path: file.path, location: location, size: file.size))
                }
            }
        }
        if !jobs.isEmpty {
            progress(
                .began(
                    stage: "reading wheels", files: jobs.count, bytes: jobs.reduce(0) { $0 &+ $1.size },
                    counted: "wheels"))
            let read = try await Parallel.map(jobs, largestFirst: \.size) { job, _ in
                let facts = WheelReader.read(job.path, at: job.location, size: job.size)
                guard !Task.isCancelled else { throw ReadFailure.cancelled }
                progress(.advanced(bytes: job.size))
                progress(.finished(file: job.path.text))
                return facts
            }
            progress(.ended)
            for (job, facts) in zip(jobs, read) {
                known[ExactName(job.entry), default: [:]][job.path] = facts
            }
        }
        self.known = known
    }

    /// What was read of an entry's wheels, in the order of their paths.
    private func wheels(of entry: String) -> [WheelFacts] {
        (known[ExactName(entry)] ?? [:]).values.sorted { $0.path < $1.path }
    }

    /// An entry with what was read of its wheels, where some were.
    func adding(to entry: LockedEntry) -> LockedEntry {
        guard let fact = WheelFacts.fact(wheels(of: entry.name)) else { return entry }
        return entry.with(
            facts: (entry.facts.filter { !$0.key.hasSameBytes(as: WheelFacts.key) } + [fact]).sortedByKey)
    }

    /// What is wrong with the wheels themselves, as warnings: whether they may be packed is for `check` to say.
    func findings(of entries: [Entry]) -> [Diagnostic] {
        entries.flatMap { entry in
            WheelRules.faults(entry.name, wheels(of: entry.name)).map { fault in
                Diagnostic(
                    .warning, code: fault.code, fault.message, at: entry.location, notes: fault.notes,
                    fix: fault.fix
                ).allowed(by: entry)
            }
        }
    }

    private static func earlier(_ entry: LockedEntry?) -> [RelativePath: (SHA256Digest, WheelFacts)] {
        guard let entry, let facts = WheelFacts.recorded(in: entry) else { return [:] }
        let digests = Dictionary(entry.files.map { ($0.path, $0.sha256) }) { first, _ in first }
        var result: [RelativePath: (SHA256Digest, WheelFacts)] = [:]
        for wheel in facts { result[wheel.path] = digests[wheel.path].map { ($0, wheel) } }
        return result
    }
}
