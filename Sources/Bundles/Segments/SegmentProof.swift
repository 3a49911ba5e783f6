import Manifests
import Storage

/// Puts files together out of their segments and compares them with the lock, several at once.
struct SegmentProof {
    /// What is wrong with a file.
    enum Failure: Sendable {
        /// It comes out with another digest.
        case other(SHA256Digest)
        /// It could not be put together.
        case unreadable(any Error)
    }

    private let files: [SegmentedFile]
    private let bases: BaseSet

    /// Takes the files that are stored in segments, and the bases of which they have some; nothing is read yet.
    init(_ files: [SegmentedFile], bases: BaseSet = .none) {
        self.files = files
        self.bases = bases
    }

    /// Reads every segment of every file.
    ///
    /// - Returns: the files that do not come out, with what is wrong with them, in their order.
    /// - Throws: only where it was interrupted.
    func failures(
        in source: any StoredRanges, stage: String, _ progress: @escaping ProgressHandler
    ) async throws -> [(file: SegmentedFile, failure: Failure)] {
        guard !files.isEmpty else { return [] }
        progress(.began(stage: stage, files: files.count, bytes: files.reduce(0) { $0 &+ $1.size }))
        defer { progress(.ended) }
        let bases = bases
        let failures = try await Parallel.map(files, largestFirst: \.size) { file, buffer -> Failure? in
            defer { progress(.finished(file: file.name)) }
            do {
                var hasher = try ContentHasher()
                for segment in file.segments {
                    let range = segment.offset..<segment.offset + segment.length
                    let place: any StoredRanges = try bases.source(of: segment) ?? source
                    try place.read(segment.at, range, into: &buffer) { bytes in
                        try hasher.update(bytes)
                        progress(.advanced(bytes: bytes.count))
                    }
                }
                let found = try hasher.finish().sha256
                return found == file.sha256 ? nil : .other(found)
            } catch ReadFailure.cancelled {
                throw ReadFailure.cancelled
            } catch {
                return .unreadable(error)
            }
        }
        return zip(files, failures).compactMap { file, failure in failure.map { (file, $0) } }
    }

    /// The findings about files that are in bases, all of which have to be named.
    func findingsThroughBases(
        in source: any StoredRanges, _ progress: @escaping ProgressHandler
    ) async throws -> [Diagnostic] {
        var problems: [Diagnostic] = []
        var sound: [SegmentedFile] = []
        for file in files {
            if let problem = try bases.problem(file) { problems.append(problem) } else { sound.append(file) }
        }
        return try await problems + SegmentProof(sound, bases: bases).findings(in: source, progress)
    }

    /// The same as findings about a bundle.
    func findings(
        in source: any StoredRanges, _ progress: @escaping ProgressHandler
    ) async throws -> [Diagnostic] {
        try await failures(in: source, stage: "verifying segments", progress).map { file, failure in
            switch failure {
            case .other(let found):
                Diagnostic(
                    code: .changed,
                    "\(file.name), "
                        + (file.isWhole ? "which is in a base," : "rebuilt from its segments,")
                        + " is not what the lock states",
                    notes: ["expected sha256 \(file.sha256)", "found    sha256 \(found)"],
                    fix: file.segments.contains { $0.base != nil }
                        ? "verify the base by itself, too: that states which of the two is damaged; copy that again"
                        : "pack the bundle again")
            case .unreadable(let error):
                Diagnostic(
                    code: .unreadable, "\(file.name) could not be rebuilt", notes: ["\(error)"],
                    verdict: .undecided)
            }
        }
    }

    /// Proves what is about to become a bundle.
    ///
    /// - Throws: every file that does not come out, or the first that could not be read.
    func require(in source: any StoredRanges, _ progress: @escaping ProgressHandler) async throws {
        var problems: [Diagnostic] = []
        for (file, failure) in try await failures(in: source, stage: "proving", progress) {
            switch failure {
            case .other(let found):
                let expected = "expected sha256 \(file.sha256)  (from the lock)"
                problems.append(
                    Diagnostic(
                        code: .contentChanged,
                        "\(file.name), rebuilt from its segments, is not what the lock states",
                        notes: [expected, "found    sha256 \(found)"],
                        fix: "run knapsack lock {manifest} --rehash, and pack again"))
            case .unreadable(let error): throw error
            }
        }
        guard problems.isEmpty else { throw Diagnostics(problems) }
    }
}
