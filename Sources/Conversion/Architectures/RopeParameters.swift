import Formats

/// How positions are turned into rotations, from the several keys that configurations have used for it (base.py of
/// the converter, `TextModel.__init__`).
struct RopeParameters: Sendable {
    /// `rope_parameters` or `rope_scaling`, with the keys of the top level where they lack them.
    private let values: JSON
    private var mirrored: [ExactName: JSON] = [:]
    /// The base of layers with a sliding window; `nil` where they have no other.
    let slidingBase: JSON?

    /// Gathers the keys; one that no spelling has is missing, which is no error here.
    init(_ config: ModelConfig) {
        values = config["rope_parameters"] ?? config["rope_scaling"] ?? .null
        let isLayered = values["full_attention"] != nil || values["sliding_attention"] != nil
        var sliding = values["sliding_attention"]?["rope_theta"]
        if !isLayered {
            let local = [
                "local_rope_theta", "rope_local_theta", "rope_theta_local", "swa_rope_theta",
                "rope_local_base_freq",
            ]
            sliding = config.first(local)
            let keys = [
                "rope_theta": [
                    "global_rope_theta", "rope_global_theta", "rope_theta_global", "rope_theta",
                    "rotary_emb_base",
                ],
                "partial_rotary_factor": ["partial_rotary_factor", "rope_pct", "rope_percent"],
                "original_max_position_embeddings": ["original_max_position_embeddings"],
            ]
            for (key, names) in keys where values[key] == nil { mirrored[key] = config.first(names) }
            if values["rope_type"] == nil { mirrored["rope_type"] = values["type"] }
        }
        slidingBase = sliding == .null ? nil : sliding
    }

    /// The value of a key of the layers with full attention; `nil` where it is missing or `null`.
    subscript(key: String) -> JSON? {
        let layers = values["full_attention"] ?? values
        let value = layers[key] ?? (values["full_attention"] == nil ? mirrored[key] : nil)
        return value == .null ? nil : value
    }

    /// The value of a key above the layers'.
    func shared(_ key: String) -> JSON? { values[key] == .null ? nil : values[key] }

    /// The kind of scaling, in lower case; `nil` where nothing is said.
    var type: String? { self["rope_type"]?.string }

    /// A number of the layers with full attention.
    func number(_ key: String) -> Double? { self[key]?.double }
}
