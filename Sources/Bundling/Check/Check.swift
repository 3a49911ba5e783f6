import Tensors

/// The rule book: decides from a manifest and its lock alone whether the bundle may and will work.
public enum Check {
    /// Everything that does not hold, errors and warnings, in the order of the rules.
    ///
    /// Findings whose code an entry's `allow` names come back as notes.
    ///
    /// - Parameter plan: the plan of the lock, where the caller has it.
    public static func findings(
        _ manifest: Manifest, _ lock: Lock, plan given: Plan? = nil
    ) throws(Diagnostics) -> [Diagnostic] {
        let plan = if let given { given } else { try Plan(lock) }
        return Freshness.findings(manifest, lock)
            + manifest.entries.flatMap { entry -> [Diagnostic] in
                guard let locked = lock.entry(named: entry.name) else { return [] }
                let found =
                    completeness(locked) + LicenseRule.findings(entry, locked, manifest.policy)
                    + ProofRule.findings(locked, manifest.policy)
                return found.map { $0.located(at: entry.location).allowed(by: entry) }
            }
            + KaggleRules.findings(manifest, plan)
    }

    /// Whether the files that an entry needs are all among its files.
    static func completeness(_ entry: LockedEntry) -> [Diagnostic] {
        guard entry.kind == .model else { return [] }
        return Completeness.findings(
            entry: entry.name, needs: entry.fact("needs")?.strings ?? [],
            paths: Set(entry.files.map(\.path)),
            shards: entry.files.compactMap { file in file.shards.map { (file.path, $0) } },
            download: entry.origin.downloadCommand)
    }
}

extension Diagnostic {
    /// The same finding as a note, where the entry's author accepts its code.
    func allowed(by entry: Entry) -> Diagnostic {
        guard severity != .note, entry.allow.contains(code) else { return self }
        return Diagnostic(
            .note, code: code, message + " (allowed by the manifest)", at: location, notes: notes,
            isAccepted: true)
    }
}
