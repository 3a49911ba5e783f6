import Formats
import Manifests
import ModelFacts

/// An adapter alone computes nothing: the model that it is put on has to be in the notebook, too.
enum AdapterBaseRule {
    /// A warning if the lock has no packed entry that is the base model of the adapter, or is made from it.
    /// - Parameter bases: the bundles that it builds on, which a notebook has attached, too.
    static func findings(_ locked: LockedEntry, _ lock: Lock, bases: [BaseBundle] = []) -> [Diagnostic] {
        guard locked.kind == .model, let base = locked.fact("adapter_base")?.string, !base.isEmpty,
            !lock.packed.contains(where: { $0.name != locked.name && isModel($0, base) }),
            !bases.contains(where: { $0.lock.packed.contains { isModel($0, base) } })
        else { return [] }
        let isName = HubRepository.problem(inID: base) == nil
        return [
            Diagnostic(
                .warning, code: .adapterBaseMissing,
                "\(locked.name): the adapter is for \(JSON.string(base).compactText), and no entry is that model",
                notes: isName ? [] : ["what adapter_config.json names is a path of the machine that made it"],
                fix: isName
                    ? "add an entry with source = \"hf:\(base)\", unless the notebook has the model from elsewhere"
                    : "add an entry with the base model, and name it where the adapter is loaded")
        ]
    }

    /// Warnings where adapters that an entry merges are for another model than the one it is made from.
    static func merged(_ entry: Entry, _ lock: Lock) -> [Diagnostic] {
        guard let request = entry.conversion, let base = lock.entry(named: request.from) else { return [] }
        return request.merged.compactMap { name in
            guard let stated = lock.entry(named: name)?.fact("adapter_base")?.string else { return nil }
            let isQuantized = base.fact("base_model_relation")?.string == "quantized"
            return AdapterBase.difference(
                of: "\(entry.name): \(name)", for: stated, on: base.origin,
                quantized: isQuantized ? base.fact("base_models")?.strings ?? [] : [])
        }
    }

    /// Whether an entry is the model of this name, or made from it.
    private static func isModel(_ entry: LockedEntry, _ base: String) -> Bool {
        switch entry.origin {
        case .hub(let repository, _, _):
            return repository.kind == .model && repository.id.lowercased() == base.lowercased()
        case .kaggle(let handle):
            // Kaggle's copy of a model has its name among its parts.
            let name = base.lowercased().split(separator: "/").last.map(String.init) ?? base
            return handle.parts.contains { $0.lowercased() == name }
        case .registry, .conversion, .path:
            return (entry.fact("base_models")?.strings ?? []).contains {
                $0.lowercased() == base.lowercased()
            }
                || entry.name.lowercased() == base.lowercased().split(separator: "/").last.map(String.init)
        }
    }
}
