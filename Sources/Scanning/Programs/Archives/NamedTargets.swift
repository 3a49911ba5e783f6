package import Formats

/// Python objects that a configuration names so that a library imports and calls them: Hydra's and OmegaConf's `_target_`
/// (`hydra.utils.instantiate`), and `target` or `cls` beside `params`, as NeMo and latent-diffusion have them.
package enum NamedTargets {
    /// One name.
    package struct Target: Hashable, Sendable {
        /// The key that names it.
        package let key: String
        /// What is named, as it is written.
        package let value: String
    }

    /// The most values that are looked at: an anchor may stand for many.
    static let most = 1_000_000

    /// All targets of a document, each once, in its order; a document that is too large names itself.
    /// - Parameter takesBare: whether `target` counts without `params` beside it, as in NeMo, which calls what it names
    ///   with all of the object (`Serialization.from_config_dict`).
    package static func all(in json: JSON, takesBare: Bool = false) -> [Target] {
        var found: [Target] = []
        var seen: Set<Target> = []
        var left = most
        visit(json, takesBare, &left) { target in
            if seen.insert(target).inserted { found.append(target) }
        }
        if left <= 0 { found.append(Target(key: "document", value: "more than \(most) values")) }
        return found
    }

    private static func visit(
        _ json: JSON, _ takesBare: Bool, _ left: inout Int, _ found: (Target) -> Void
    ) {
        left -= 1
        guard left > 0 else { return }
        let members = json.members ?? []
        let hasParameters = members.contains { $0.key.isExactly("params") }
        for member in members {
            let isTarget = member.key.isExactly("_target_")
            let isNamed = member.key.isExactly("target") || member.key.isExactly("cls")
            let isBare = takesBare && member.key.isExactly("target") && isPath(member.value)
            if isTarget || (isNamed && hasParameters) || isBare {
                found(Target(key: member.key, value: member.value.string ?? member.value.compactText))
            }
            visit(member.value, takesBare, &left, found)
        }
        for element in json.array ?? [] { visit(element, takesBare, &left, found) }
    }

    /// Whether a value is a name within a Python module, and not that of one of NeMo's own models, which each of its
    /// archives has at its top.
    private static func isPath(_ json: JSON) -> Bool {
        guard let text = json.string, text.utf8.contains(UInt8(ascii: ".")) else { return false }
        return !text.utf8.starts(with: "nemo.collections.".utf8)
            && !text.unicodeScalars.contains { $0.properties.isWhitespace || $0 == "/" }
    }
}
