import Formats
import Manifests
import ModelFacts

/// `adapter-max-rank`, `adapter-bases` and `adapter-targets` of `[policy]`: what a competition allows of submissions that
/// are LoRA adapters.
enum AdapterPolicyRule {
    /// What the policy does not allow of an adapter; nothing for a model that is none.
    static func findings(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard locked.kind == .model,
            locked.fact("adapter_base") != nil || locked.fact("adapter_rank") != nil
                || locked.files.contains(where: { $0.path.name.hasSameBytes(as: "adapter_config.json") })
        else { return [] }
        return rank(locked, policy) + base(locked, policy) + targets(locked, policy)
    }

    private static func rank(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard let limit = policy.maximumAdapterRank else { return [] }
        guard let rank = locked.fact("adapter_rank")?.integer else {
            return [unknown(locked, "the rank of its matrices")]
        }
        guard rank > limit else { return [] }
        return [
            Diagnostic(
                code: .adapterRank,
                "\(locked.name): the adapter's rank is \(rank), and the policy allows \(limit)",
                fix: "train it with r = \(limit) at most, also in rank_pattern")
        ]
    }

    private static func base(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard let allowed = policy.adapterBases else { return [] }
        guard let base = locked.fact("adapter_base")?.string, !base.isEmpty else {
            return [unknown(locked, "which model it is for")]
        }
        guard !allowed.contains(where: { names(base, $0) }) else { return [] }
        return [
            Diagnostic(
                code: .adapterBaseDenied,
                "\(locked.name): the adapter is for \(JSON.string(base).compactText), which the policy does not allow",
                notes: ["allowed: \(allowed.joined(separator: ", "))"],
                fix: "train it on an allowed model, or name this one in adapter-bases if it is the same")
        ]
    }

    /// Whether what a configuration calls the base is a model of the policy: the same name in any case, or a path that
    /// has the parts of the name in a row, as Kaggle's mounts have those of a handle.
    private static func names(_ base: String, _ allowed: String) -> Bool {
        func parts(_ text: String) -> [[UInt8]] {
            text.lowercased().utf8.split(separator: UInt8(ascii: "/")).map(Array.init)
        }
        var allowed = allowed
        for scheme in ["hf:", "kaggle:"] where allowed.hasPrefix(scheme) { allowed.removeFirst(scheme.count) }
        let (path, name) = (parts(base), parts(allowed))
        guard base.utf8.first == UInt8(ascii: "/"), name.count > 1, path.count >= name.count else {
            return path == name
        }
        return (0...path.count - name.count).contains { Array(path[$0..<$0 + name.count]) == name }
    }

    private static func targets(_ locked: LockedEntry, _ policy: Policy) -> [Diagnostic] {
        guard let allowed = policy.adapterTargets else { return [] }
        guard let targets = locked.fact("adapter_targets")?.strings else {
            return [unknown(locked, "which modules it changes")]
        }
        let denied = targets.filter { target in !allowed.contains { $0.hasSameBytes(as: target) } }
        guard let first = denied.first else { return [] }
        let more = denied.count > 1 ? " and \(denied.count - 1) more" : ""
        return [
            Diagnostic(
                code: .adapterTargetDenied,
                "\(locked.name): the adapter changes \(first)\(more), which the policy does not allow",
                notes: ["allowed: \(allowed.joined(separator: ", "))"]
                    + denied.dropFirst().prefix(9).map { "it changes \($0), too" },
                fix: "train it with the allowed modules in target_modules, and without modules_to_save")
        ]
    }

    private static func unknown(_ locked: LockedEntry, _ what: String) -> Diagnostic {
        Diagnostic(
            code: .adapterUnknown, "\(locked.name): the lock does not state \(what)",
            notes: ["adapter_config.json and safetensors weights state it"],
            fix: "run knapsack lock {manifest} --update \(locked.name)", verdict: .undecided)
    }
}
