import Manifests

/// `released-before` of `[policy]`: what was released later may not be used.
enum ReleaseRule {
    /// An entry that was released on the policy's day or later, or of which the manifest states no date.
    static func findings(_ entry: Entry, _ locked: LockedEntry, _ manifest: Manifest) -> [Diagnostic] {
        // What is converted here is as old as the entry that it was made from.
        guard let limit = manifest.policy.releasedBefore, isReleased(locked), entry.conversion == nil else {
            return []
        }
        guard let released = entry.released else {
            return [
                Diagnostic(
                    code: .releasedUnknown,
                    "\(entry.name): nothing states when it was released, which has to be before \(limit)",
                    notes: ["no cache keeps the date of a commit or of a version"],
                    fix: "look it up on the Hub or on Kaggle, and add released = YYYY-MM-DD to the entry")
            ]
        }
        guard released >= limit else { return [] }
        return [
            Diagnostic(
                code: .releasedLate,
                "\(entry.name): it was released on \(released), and the policy asks for a day before \(limit)",
                notes: ["stated by the manifest"], fix: "take a model, or a revision, that is older")
        ]
    }

    /// Models and data sets, and whatever else comes from a model's or data set's repository; wheels are software.
    private static func isReleased(_ locked: LockedEntry) -> Bool {
        switch locked.kind {
        case .model, .dataset: true
        case .files:
            switch locked.origin {
            case .path: false
            // A competition's own data is what it gives out itself.
            case .kaggle(let handle): handle.kind != .competition
            case .hub, .registry, .conversion: true
            }
        case .wheels: false
        }
    }
}

/// `allowed-revisions` of `[policy]`: models may come from nowhere else.
enum RevisionRule {
    /// A model whose revision is not among the allowed ones, or that has none.
    static func findings(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard policy.allowedRevisions != nil || policy.allowedRevisionsPath != nil else { return [] }
        // A list that was not read allows nothing.
        let allowed = policy.allowedRevisions ?? []
        guard locked.asked.conversion == nil, isModel(locked),
            !allowed.contains(where: { $0.allows(locked.origin) })
        else { return [] }
        guard let name = name(of: locked.origin) else {
            return [
                Diagnostic(
                    code: .revisionUnknown,
                    "\(locked.name): a directory has no revision that could be among the allowed ones",
                    fix: "take the model from a cache, or add \"revision-unknown\" to the entry's allow")
            ]
        }
        let same = allowed.filter { $0.names(locked.origin) }
        let all = same.prefix(5).map { "allowed: \($0.text)" } + (same.count > 5 ? ["…"] : [])
        return [
            Diagnostic(
                code: .revisionDenied, "\(locked.name): \(name) is not one of the allowed revisions",
                notes: same.isEmpty ? ["nothing of this repository is allowed"] : all,
                fix: same.isEmpty
                    ? "take a model that is allowed"
                    : "ask for an allowed commit in the entry's source, and run knapsack lock {manifest}")
        ]
    }

    private static func isModel(_ locked: LockedEntry) -> Bool {
        // A model may also be in a data set or in the output of a notebook.
        guard locked.kind != .model else { return true }
        return switch locked.origin {
        case .hub(let repository, _, _): repository.kind == .model
        case .kaggle(let handle): handle.kind == .model
        case .registry, .path, .conversion: false
        }
    }

    private static func name(of origin: Origin) -> String? {
        switch origin {
        case .hub(let repository, _, let commit): "\(repository.id)@\(commit)"
        case .kaggle(let handle): Source.kaggle(handle).text
        case .registry(let artifact, let manifest): Source.registry(artifact.at(manifest)).text
        case .path, .conversion: nil
        }
    }
}
