/// `licenses` of `[policy]`: an entry's licence must be in the list.
enum LicenseRule {
    static func findings(_ entry: Entry, _ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard let allowed = policy.licenses else { return [] }
        let list = "allowed: \(allowed.joined(separator: ", "))"
        guard let license = locked.license else {
            return [
                Diagnostic(
                    code: "license-unknown", "\(entry.name): nothing says under which licence it is",
                    notes: [list],
                    fix: "find out, and add license = \"…\" to the entry; the lock records that you said it")
            ]
        }
        guard !allowed.contains(license.id.lowercased()) else { return [] }
        return [
            Diagnostic(
                code: "license-denied",
                "\(entry.name): the licence \(license.id) is not in the policy's list",
                notes: [list, "said by the \(license.from == .manifest ? "manifest" : "model card")"],
                fix: "take another model, or add the licence to [policy] licenses if the rules allow it")
        ]
    }
}

/// `proof = "required"` of `[policy]`: something besides Knapsack must have hashed the content.
enum ProofRule {
    static func findings(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard policy.proof == .required else { return [] }
        let unproved = locked.files.filter { $0.proof == .none }
        guard !unproved.isEmpty else { return [] }
        return [
            Diagnostic(
                code: "proof-missing",
                "\(locked.name): the cache keeps no digest of \(unproved.count) of \(locked.files.count) files",
                notes: unproved.prefix(5).map(\.path) + (unproved.count > 5 ? ["…"] : []),
                fix:
                    "take the model from the Hugging Face cache, or add \"proof-missing\" to the entry's allow"
            )
        ]
    }
}
