import Formats
import Manifests

/// The rules of `[policy]` for one entry, in the order in which their findings are read.
enum PolicyRules {
    /// Those of where something comes from, which hold for what is only converted from, too: what is made from it is
    /// under its licence, and as old and as proved as it is.
    static func origins(
        _ entry: Entry, _ locked: LockedEntry, _ manifest: Manifest, _ lock: Lock
    ) -> [Diagnostic] {
        let policy = manifest.policy
        return LicenseRule.findings(locked, policy)
            + BaseModelRule.findings(locked, policy, lock, bases: manifest.readBases)
            + ReleaseRule.findings(entry, locked, manifest) + RevisionRule.findings(locked, policy)
            + ProofRule.findings(locked, policy)
    }

    /// Those of what the files hold, which hold for what is in the bundle.
    static func contents(
        _ entry: Entry, _ locked: LockedEntry, _ manifest: Manifest, _ lock: Lock
    ) -> [Diagnostic] {
        let policy = manifest.policy
        return RemoteCodeRule.findings(locked, policy, lock) + TemplateRule.findings(locked, policy)
            + AdapterPolicyRule.findings(locked, policy) + EntrySizeRule.findings(entry, locked, policy)
    }
}

/// `max-entry-size` of `[policy]`, and `max-size` of the entry.
enum EntrySizeRule {
    /// An entry whose files are together larger than its own limit or the policy's; the first that is broken is told.
    static func findings(_ entry: Entry, _ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        let limits = [
            ("the entry's max-size", entry.maximumSize),
            ("the policy's max-entry-size", policy.maximumEntrySize),
        ]
        let size = locked.files.reduce(0) { sum, file in
            let (total, overflow) = sum.addingReportingOverflow(file.size)
            return overflow ? Int.max : total
        }
        let broken = limits.compactMap { words, limit in limit.flatMap { size > $0 ? (words, $0) : nil } }
        guard let (words, limit) = broken.first else { return [] }
        return [
            Diagnostic(
                code: .maxEntrySize,
                "\(locked.name): its files have \(ByteCount.text(size)), and \(words) is \(ByteCount.text(limit))",
                fix: "leave files out with include and exclude, or raise the limit")
        ]
    }
}

/// `proof = "required"` of `[policy]`: something besides Knapsack must have hashed the content.
///
/// What was converted follows from files that are looked at in the entry that it was made from.
enum ProofRule {
    /// The files of an entry that no cache states a digest of; nothing unless the policy requires proof.
    static func findings(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard policy.proof == .required else { return [] }
        let unproved = locked.files.filter { $0.proof == .none }
        guard !unproved.isEmpty else { return [] }
        let keeps =
            switch locked.origin {
            case .kaggle: "the kagglehub cache keeps no digests"
            case .path: "a directory keeps no digests, but where a download with local_dir left them"
            case .hub, .registry, .conversion: "the cache keeps no digest of them"
            }
        return [
            Diagnostic(
                code: .proofMissing,
                "\(locked.name): nothing but Knapsack has hashed \(unproved.count) of \(Counted.text(locked.files.count, "file"))",
                notes: [keeps] + unproved.prefix(5).map(\.path.text) + (unproved.count > 5 ? ["…"] : []),
                fix:
                    "take the model from the Hugging Face cache, or add \"proof-missing\" to the entry's allow"
            )
        ]
    }
}
