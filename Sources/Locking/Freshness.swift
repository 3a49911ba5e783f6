import Formats
package import Manifests
import ModelFiles

/// Whether a lock is fresh: whether the manifest asks what the lock states was asked. Decided without looking
/// at a model or a cache.
package enum Freshness {
    /// What makes the lock stale, in the manifest's order; empty where it is fresh.
    package static func findings(_ manifest: Manifest, _ lock: Lock) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        func stale(_ message: String, notes: [String] = [], at location: Diagnostic.Location?) {
            findings.append(
                Diagnostic(
                    code: .lockStale, message, at: location, notes: notes, fix: "run knapsack lock {manifest}"
                ))
        }
        let file = Diagnostic.Location(file: manifest.path)
        if manifest.bundle != lock.bundle {
            stale("the [bundle] table is not the one that was locked", at: file)
        }
        for entry in manifest.entries {
            guard let locked = lock.entry(named: entry.name) else {
                stale("\(entry.name) is not in the lock", at: entry.location)
                continue
            }
            if locked.kind != entry.kind {
                stale(
                    "\(entry.name) was locked as \(locked.kind.rawValue), and is \(entry.kind.rawValue) now",
                    at: entry.location)
            } else if locked.asked != entry.asked {
                stale(
                    "\(entry.name) asks for something other than what was locked",
                    notes: difference(locked.asked, entry.asked), at: entry.location)
            } else if let request = entry.conversion {
                findings += conversion(entry, request, locked, lock)
            }
        }
        let names = Set(manifest.entries.map(\.name))
        for entry in lock.entries where !names.contains(entry.name) {
            stale("\(entry.name) is in the lock, but no longer in the manifest", at: file)
        }
        findings += bases(manifest, lock)
        // Without the locks of all bases nobody can tell what would be referred to.
        guard findings.isEmpty, manifest.readBases.count == manifest.bundle.bases.count else {
            return findings + BaseConflict.findings(manifest, lock)
        }
        let placed = Lock.placing(
            manifest.bundle, inOrder(manifest, lock), bases: manifest.readBases, own: lock.digest(of:))
        if lock.entries != placed?.entries || lock.bases != placed?.bases {
            stale(
                "the order of the entries, which decides where equal files are stored, has changed", at: file)
        }
        return findings + BaseConflict.findings(manifest, lock)
    }

    /// Whether the bases are those that were locked, as far as they could be read.
    private static func bases(_ manifest: Manifest, _ lock: Lock) -> [Diagnostic] {
        manifest.bases.compactMap { base in
            guard let bundle = base.bundle else { return base.problem?.located(at: manifest.baseLocation()) }
            let locked = lock.bases.first { $0.asked?.hasSameBytes(as: base.asked) ?? false }
            // That the manifest names another one is told of its table.
            guard let locked, locked != bundle.locked else { return nil }
            return Diagnostic(
                code: .lockStale, "the base \(base.asked) is not the one that was locked",
                at: manifest.baseLocation(),
                notes: [
                    "locked sha256 \(locked.sha256)  (\(locked.attach))",
                    "found  sha256 \(bundle.sha256)  (\(bundle.attach))",
                ],
                fix: "run knapsack lock {manifest}")
        }
    }

    /// The lock's entries in the order in which the manifest has them.
    static func inOrder(_ manifest: Manifest, _ lock: Lock) -> [LockedEntry] {
        manifest.entries.compactMap { lock.entry(named: $0.name) }
    }

    /// Whether an entry is still what would be made from the entry that it was made from, as that is locked.
    private static func conversion(
        _ entry: Entry, _ request: ConversionRequest, _ locked: LockedEntry, _ lock: Lock
    ) -> [Diagnostic] {
        // That the other entry is missing is told where it is looked at itself.
        guard case .conversion(let conversion) = locked.origin, let source = lock.entry(named: request.from)
        else { return [] }
        let version = request.recipe(for: entry.name).version
        guard conversion.converter == version else {
            return [
                ConversionProblem.newerConverter(
                    entry.name, locked: conversion.converter, here: version
                ).located(at: entry.location)
            ]
        }
        do {
            let inputs = try ConversionInputs(
                of: source, request, for: entry.name,
                merging: request.merged.compactMap { lock.entry(named: $0) },
                imatrix: ImatrixInput(request, as: conversion), share: FitShare(conversion),
                calibration: CalibrationInput(request, as: conversion))
            if request.sharedWeight != nil,
                FitShare(conversion)?.problem != lock.bundle.fit.flatMap(lock.sharedFit)
            {
                return [
                    Diagnostic(
                        code: .lockStale,
                        "\(entry.name) shares the bundle's budget with others than when it was locked",
                        at: entry.location, fix: "run knapsack lock {manifest}")
                ]
            }
            if inputs.match(locked), inputs.license(entry.license) == locked.license { return [] }
        } catch let problems as Diagnostics {
            return problems.all.map { $0.located(at: entry.location) }
        } catch {
            return [Diagnostic(code: .failed, "\(error)", at: entry.location, verdict: .undecided)]
        }
        return [
            Diagnostic(
                code: .lockStale,
                "\(entry.name) was made from other files than \(source.name) has in the lock",
                at: entry.location, fix: "run knapsack lock {manifest}")
        ]
    }

    private static func difference(_ locked: Asked, _ asked: Asked) -> [String] {
        func text(_ list: [String]?) -> String { list.map { "[\($0.joined(separator: ", "))]" } ?? "none" }
        let fields: [(String, String, String)] = [
            ("source", locked.text, asked.text),
            ("include", text(locked.include), text(asked.include)),
            ("exclude", text(locked.exclude), text(asked.exclude)),
            ("license", locked.license ?? "none", asked.license ?? "none"),
            ("packed", locked.isPacked ? "yes" : "no", asked.isPacked ? "yes" : "no"),
        ]
        return fields.filter { !$0.1.hasSameBytes(as: $0.2) }.map { "\($0.0): locked \($0.1), asked \($0.2)" }
    }
}
