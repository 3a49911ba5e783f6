import Formats
package import Manifests
import ModelFacts

/// The rule book: decides from a manifest and its lock alone whether the bundle may and will work.
package enum Check {
    /// Everything that does not hold, errors and warnings, in the order of the rules.
    ///
    /// Findings whose code an entry's `allow` names come back as notes.
    ///
    /// - Parameters:
    ///   - stale: what makes the lock stale, which is decided where conversions are known.
    ///   - plan: the plan of the lock, if the caller has it.
    package static func findings(
        _ manifest: Manifest, _ lock: Lock, stale: [Diagnostic], plan given: Plan? = nil
    ) throws(Diagnostics) -> [Diagnostic] {
        let plan = if let given { given } else { try Plan(lock) }
        let sources = Set(manifest.entries.compactMap(\.conversion).flatMap { [$0.from] + $0.merged })
        var findings = outdated(manifest, lock) + stale
        findings += LicenseRule.unknownNames(manifest.policy, lock)
        for entry in manifest.entries {
            guard let locked = lock.entry(named: entry.name) else { continue }
            let isSource = sources.contains(entry.name)
            var found = completeness(locked) + PolicyRules.origins(entry, locked, manifest, lock)
            found += AdapterBaseRule.merged(entry, lock) + ConversionRemark.findings(locked)
            if locked.isPacked {
                found +=
                    AdapterBaseRule.findings(locked, lock, bases: manifest.readBases)
                    + PolicyRules.contents(entry, locked, manifest, lock)
                    + PickleRule.findings(locked, manifest.policy)
                    + ProgramRule.findings(locked, manifest.policy)
                    + CredentialFact.findings(locked.credentials, entry: locked.name)
                    + WheelRules.findings(entry, locked)
                    + HardwareRules.findings(entry, locked, manifest.policy, isSource: isSource)
                    + KaggleRules.renamed(locked)
            } else if !isSource {
                found.append(unused(locked))
            }
            findings += found.map { $0.located(at: entry.location).allowed(by: entry) }
        }
        return findings + HardwareRules.findings(manifest, lock) + ScratchRule.findings(manifest, lock)
            + KaggleRules.findings(manifest, plan)
    }

    /// What can be said of a manifest without its lock: the names and texts that Kaggle takes.
    package static func early(_ manifest: Manifest) -> [Diagnostic] { KaggleRules.metadata(manifest) }

    /// What Kaggle would not take of a bundle that is packed, of which the manifest is not known.
    /// - Parameter path: of the bundle's lock, where findings are shown.
    package static func packed(_ lock: Lock, _ plan: Plan, path: String) -> [Diagnostic] {
        KaggleRules.findings(Manifest.of(lock, path: path), plan)
    }

    /// An entry that is neither packed nor made anything from.
    private static func unused(_ entry: LockedEntry) -> Diagnostic {
        Diagnostic(
            code: .entryUnused, "\(entry.name): it is not packed, and no entry is made from it",
            fix: "take the entry out, or take pack = false out of it")
    }

    /// Whether the lock has the facts that the rules of this Knapsack decide by: what nobody looked at is not clean.
    package static func outdated(_ manifest: Manifest, _ lock: Lock) -> [Diagnostic] {
        guard lock.factsVersion != Lock.factsVersion else { return [] }
        let other = lock.factsVersion < Lock.factsVersion ? "an earlier" : "a later"
        return [
            Diagnostic(
                code: .factsOutdated,
                "the lock was made by \(other) Knapsack, which recorded other facts about the files",
                at: Diagnostic.Location(file: manifest.path),
                notes: ["facts of version \(lock.factsVersion), and the rules need \(Lock.factsVersion)"],
                fix: "run knapsack lock {manifest} where the caches are; the pins stay", verdict: .undecided)
        ]
    }

    /// Whether the files that an entry needs are all among its files.
    package static func completeness(_ entry: LockedEntry) -> [Diagnostic] {
        guard entry.kind == .model else { return [] }
        return Completeness.findings(
            entry: entry.name, needs: entry.fact("needs")?.strings ?? [],
            paths: Set(entry.files.map(\.path)),
            shards: entry.files.compactMap { file in file.shards.map { (file.path, $0) } },
            requirements: entry.requirements, lacks: entry.fact("lacks")?.strings ?? [],
            download: entry.origin.downloadCommand) + missingTensors(entry)
    }

    /// Whether the weights have all tensors that the configuration asks for, as far as the lock has them.
    private static func missingTensors(_ entry: LockedEntry) -> [Diagnostic] {
        let names = entry.fact("missing_tensors")?.strings ?? []
        guard let first = names.first else { return [] }
        let more = names.count > 1 ? " and \(names.count - 1) more" : ""
        return [
            Diagnostic(
                code: .tensorMissing, "\(entry.name): the weights have no tensor \(first)\(more)",
                notes: ["config.json asks for it"]
                    + names.dropFirst().prefix(9).map { "\($0) is not there either" },
                fix: "check that all files of the model are there, and that config.json belongs to them")
        ]
    }
}
