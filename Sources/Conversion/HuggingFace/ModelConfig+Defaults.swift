public import Tensors

/// What the configurations of transformers do with values as they read them.
extension ModelConfig {
    /// Sets the keys that are missing.
    public mutating func setDefaults(_ defaults: KeyValuePairs<String, JSON>) {
        for (key, value) in defaults { setDefault(key, value) }
    }

    /// Gives a key that is missing or `null` another key's value.
    public mutating func setDefault(_ key: String, from other: String) {
        if values[key] == nil || values[key] == .null { self[key] = values[other] }
    }

    /// Turns another name of a key into the key (`attribute_map`).
    public mutating func rename(_ alias: String, to key: String) {
        guard let value = values[alias] else { return }
        self[key] = value
        self[alias] = nil
    }

    /// Lets the older `type` of `rope_scaling` say the kind where there is a `rope_type` too.
    public mutating func preferOldRopeType() {
        guard let members = values["rope_scaling"]?.members, let type = values["rope_scaling"]?["type"] else {
            return
        }
        self["rope_scaling"] = .object(
            members.filter { !$0.key.utf8.elementsEqual("rope_type".utf8) } + [JSON.Member("rope_type", type)]
        )
    }
}
