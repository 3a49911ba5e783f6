import Formats
package import Manifests

/// Compares the model that an adapter states that it is for with the one that it is put on.
package enum AdapterBase {
    /// What unsloth's copies of a model for training have behind its name.
    private static let copies = ["-bnb-4bit", "-unsloth-bnb-4bit"]

    /// A warning where the adapter is for another model; `nil` where it is for this one, or that cannot be seen: what
    /// names a path of the machine that trained it, or a base that is in no repository.
    /// - Parameters:
    ///   - adapter: the adapter, as messages name it.
    ///   - stated: `base_model_name_or_path` of its configuration.
    ///   - origin: where the model comes from that it is put on.
    ///   - quantized: the models of which that one is the same, quantized, by its card.
    package static func difference(
        of adapter: String, for stated: String, on origin: Origin, quantized: [String] = []
    ) -> Diagnostic? {
        guard HubRepository.problem(inID: stated) == nil, stated.contains("/"),
            case .hub(let repository, _, _) = origin,
            !([repository.id] + quantized).contains(where: { isSame(stated, $0) })
        else { return nil }
        return Diagnostic(
            .warning, code: .adapterBaseOther,
            "\(adapter): the adapter is for \(stated), and is put on \(repository.id)",
            fix: "put it on hf:\(stated), unless both have the same weights")
    }

    private static func isSame(_ stated: String, _ id: String) -> Bool {
        func name(_ id: String) -> String {
            id.lowercased().utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? ""
        }
        let (found, own) = (name(stated), name(id))
        return ([""] + copies).contains { found.hasSameBytes(as: own + $0) }
    }
}
