package import Caches
import Formats
package import Manifests
import ModelFiles
package import Storage

/// Makes sure that everything that a lock states was converted is there: what is kept is compared with its digests,
/// what is not is made again, out of files that agree with the lock.
package enum LockedConversions {
    /// Makes, or finds, the files of every entry that was converted.
    ///
    /// - Parameters:
    ///   - directory: what `path:` sources are relative to: where the manifest is stored.
    ///   - rehash: hash files all the same whose digests are remembered.
    /// - Returns: what became of each, in the lock's order, and what is worth knowing.
    /// - Throws: a finding where other bytes come out than the lock states.
    package static func materialize(
        _ lock: Lock, caches: Caches, directory: String, index: DigestIndex?, rehash: Bool = false,
        progress: @escaping ProgressHandler
    ) async throws -> (outcomes: [ConversionOutcome], findings: [Diagnostic]) {
        let converter = Converter(
            caches: caches, directory: directory, index: index, rehash: rehash,
            sharesTensors: lock.bundle.deduplication == .tensor, progress: progress)
        var outcomes: [ConversionOutcome] = []
        var findings: [Diagnostic] = []
        for entry in lock.entries {
            guard let request = entry.asked.conversion else { continue }
            guard case .conversion(let conversion) = entry.origin,
                let source = lock.entry(named: request.from), source.asked.source != nil
            else { throw contradiction("\(entry.name) is made from \(request.from), which it lacks") }
            let version = request.recipe(for: entry.name).version
            guard conversion.converter == version else {
                throw Diagnostics(
                    ConversionProblem.newerConverter(
                        entry.name, locked: conversion.converter, here: version))
            }
            let imatrix = ImatrixInput(request, as: conversion, in: directory)
            let share = FitShare(conversion)
            guard (share != nil) == (request.sharedWeight != nil) else {
                throw contradiction("\(entry.name) does not state its share of the bundle's budget")
            }
            let calibration = CalibrationInput(request, as: conversion)
            guard request.calibration == nil || calibration?.measured != nil else {
                throw contradiction("\(entry.name) does not state what its calibration measured")
            }
            let adapters = request.merged.compactMap { lock.entry(named: $0) }
            guard adapters.count == request.merged.count, adapters.allSatisfy({ $0.asked.source != nil })
            else { throw contradiction("\(entry.name) has merged adapters that the lock lacks") }
            let inputs = try ConversionInputs(
                of: source, request, for: entry.name, merging: adapters, imatrix: imatrix, share: share,
                calibration: calibration)
            guard inputs.match(entry) else {
                throw contradiction("\(entry.name) is not made from the files that \(source.name) has")
            }
            let made = try await converter.files(of: entry.name, inputs.recipe, conversion) {
                try await converter.inputs(inputs, of: source)
            }
            // What the lock has of them, its check has told.
            findings += made.findings + (entry.fact(ConversionRemark.fact) == nil ? made.remarks : [])
            try compare(entry, made)
            outcomes.append(ConversionOutcome(entry, request, conversion, made.isNew ? .made : .cached))
        }
        return (outcomes, findings)
    }

    /// Whether what was made is what the lock has.
    private static func compare(_ entry: LockedEntry, _ made: Converter.Made) throws(Diagnostics) {
        let locked = entry.files.filter { $0.proof == .conversion }
        var notes: [String] = []
        for file in locked {
            let found = made.files.first { $0.cached.path == file.path }
            guard found?.proved.digests.sha256 != file.sha256 else { continue }
            notes.append("\(file.path)")
            notes.append("  expected sha256 \(file.sha256)  (\(file.size) bytes)")
            notes.append(
                found.map { "  found    sha256 \($0.proved.digests.sha256)  (\($0.proved.size) bytes)" }
                    ?? "  found    nothing")
        }
        for file in made.files
        where !locked.contains(where: { $0.path == file.cached.path }) {
            notes.append("\(file.cached.path) is not in the lock")
        }
        guard !notes.isEmpty else { return }
        throw Diagnostics(
            Diagnostic(
                code: .conversionDiffers, "\(entry.name): the conversion does not give what the lock states",
                notes: notes,
                fix: "run knapsack lock {manifest} --update \(entry.name), and look at what changes"))
    }

    private static func contradiction(_ message: String) -> Diagnostics {
        Diagnostics(
            Diagnostic(
                code: .lockContradictsItself, "the lock contradicts itself: \(message)",
                fix: "run knapsack lock {manifest} to write it again", verdict: .undecided))
    }
}
