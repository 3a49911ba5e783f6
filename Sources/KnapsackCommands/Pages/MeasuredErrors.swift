import Formats
import Manifests
import ModelFiles
import Reports
import Storage

/// What the conversions of a lock cost, and why that of some is not known.
struct MeasuredErrors {
    /// The errors, in the order of the lock.
    private(set) var costs: [ConversionCost] = []
    /// Why an entry's error is not known, for people: what is wrong, and behind a semicolon what to do.
    private(set) var reasons: [(entry: String, text: String)] = []
    /// The same as findings; what stands against the whole bundle is one for all entries.
    private(set) var problems: [Diagnostic] = []

    /// Measures all packed entries that were converted.
    /// - Parameter obstacle: why nothing can be read of the bundle; `nil` where it can.
    /// - Throws: only where it was interrupted.
    static func all(
        _ files: EntryFiles, unless obstacle: Diagnostics?, progress: @escaping ProgressHandler
    ) async throws -> MeasuredErrors {
        var measured = MeasuredErrors()
        for entry in files.lock.packed where entry.asked.conversion != nil {
            do {
                if let obstacle { throw obstacle }
                measured.costs += try await files.costs(of: entry, progress: progress)
            } catch ReadFailure.cancelled {
                throw ReadFailure.cancelled
            } catch {
                measured.add(
                    error as? Diagnostics
                        ?? Diagnostics(Diagnostic(code: .unreadable, "\(error)", verdict: .undecided)),
                    of: entry.name, isForAll: obstacle != nil)
            }
        }
        if let obstacle, !measured.reasons.isEmpty { measured.problems = obstacle.all }
        return measured
    }

    private mutating func add(_ problem: Diagnostics, of entry: String, isForAll: Bool) {
        for problem in problem.all {
            reasons.append((entry, problem.message + (problem.fix.map { "; \($0)" } ?? "")))
            guard !isForAll else { continue }
            problems.append(
                Diagnostic(
                    code: problem.code, "\(entry): its error is not known: \(problem.message)",
                    notes: problem.notes, fix: problem.fix, verdict: problem.verdict))
        }
    }

    /// The files that measuring reads, entry by entry: some may be there twice. What cannot be measured reads none.
    static func reads(_ lock: Lock) -> [(entry: LockedEntry, paths: [RelativePath])] {
        lock.packed.flatMap { entry -> [(entry: LockedEntry, paths: [RelativePath])] in
            guard let (inputs, source) = try? entry.madeOf(lock) else { return [] }
            let made = entry.files.filter { $0.proof == .conversion }.map(\.path)
            return [(entry, made)] + inputs.reads(of: source)
        }
    }
}
