package import Formats

/// What the configurations of transformers do with values as they read them.
extension ModelConfig {
    /// The values of `model_type` of models with a part for text that transformers 4.57.6 reads as a whole.
    static let composites: Set<ExactName> = Set(
        """
        aimv2 align altclip aria aya_vision blip blip-2 bridgetower chinese_clip clap clip clipseg
        clvp cohere2_vision colpali deepseek_vl deepseek_vl_hybrid emu3 flava florence2 fuyu gemma3
        gemma3n glm4v glm4v_moe got_ocr2 granite_speech granitevision groupvit idefics2 idefics3
        instructblip instructblipvideo internvl janus kosmos-2 kosmos-2.5 lfm2_vl llama4 llava
        llava_next llava_next_video llava_onevision metaclip_2 mistral3 mllama ovis2 owlv2 owlvit
        paligemma perception_lm pix2struct qwen2_5_omni qwen2_5_vl qwen2_audio qwen2_vl
        qwen3_omni_moe qwen3_vl qwen3_vl_moe shieldgemma2 siglip siglip2 smolvlm video_llava
        vipllava vision-text-dual-encoder voxtral xclip
        """.split { $0 == " " || $0 == "\n" }.map { ExactName(String($0)) })

    /// Sets the keys that are missing.
    package mutating func setDefaults(_ defaults: KeyValuePairs<String, JSON>) {
        for (key, value) in defaults { setDefault(key, value) }
    }

    /// Gives a key that is missing or `null` another key's value.
    package mutating func setDefault(_ key: String, from other: String) {
        if values[key] == nil || values[key] == .null { self[key] = values[other] }
    }

    /// Makes `head_dim` the hidden size's share of a head, where both are known and it is not.
    package mutating func setHeadLength() {
        guard first(["head_dim"]) == nil, let size = values["hidden_size"]?.integer,
            let heads = values["num_attention_heads"]?.integer, heads > 0
        else { return }
        self["head_dim"] = .integer(size / heads)
    }

    /// Gives the part for text of a model with pictures or sound its kind, where it states none; makes the part where
    /// there is none.
    package mutating func setTextKind(_ kind: String) {
        let text = values["text_config"]?.members ?? []
        guard !text.contains(where: { $0.key.hasSameBytes(as: "model_type") }) else { return }
        self["text_config"] = .object([JSON.Member("model_type", .string(kind))] + text)
    }

    /// As ``takesRopeScaling(isTypeCopied:)``, of models whose positions are of several kinds: their own name for that
    /// means plain rotations.
    package mutating func takesMultimodalRope() -> Bool {
        if let scaling = values["rope_scaling"], scaling["type"]?.isText("mrope") == true {
            self["rope_scaling"] = .object(
                (scaling.members ?? []).map { $0.key == "type" ? JSON.Member("type", "default") : $0 })
        }
        return takesRopeScaling(isTypeCopied: true)
    }

    /// Turns another name of a key into the key (`attribute_map`).
    package mutating func rename(_ alias: String, to key: String) {
        guard let value = values[alias] else { return }
        self[key] = value
        self[alias] = nil
    }

    /// Whether transformers takes `layer_types` (`configuration_utils.py`, `layer_type_validation`): as many as there
    /// are layers, of known kinds; where it does not, as with ``takesRopeScaling(isTypeCopied:)``.
    /// - Parameter layers: the family's own number of layers, where none is said.
    package func takesLayerTypes(layers: Int) -> Bool {
        guard let types = values["layer_types"], types != .null else { return true }
        guard let types = types.strings, types.allSatisfy(Self.layerTypes.contains) else { return false }
        let count = values["num_hidden_layers"] ?? .integer(layers)
        return count == .null || count.integer == types.count
    }

    private static let layerTypes: Set<ExactName> = [
        "full_attention", "sliding_attention", "chunked_attention", "linear_attention",
    ]

    /// Whether transformers takes `rope_scaling` (`modeling_rope_utils.py`, `rope_config_validation`): where it does
    /// not, the converter takes a configuration as it stands, without any default.
    /// - Parameter isTypeCopied: whether the family's configuration reads the older `type` as `rope_type`, which
    ///   then states the kind where both are there.
    package mutating func takesRopeScaling(isTypeCopied: Bool) -> Bool {
        guard let scaling = values["rope_scaling"], scaling != .null else { return true }
        guard var members = scaling.members else { return false }
        if isTypeCopied, let type = scaling["type"] {
            members.removeAll { $0.key.hasSameBytes(as: "rope_type") }
            members.append(JSON.Member("rope_type", type))
        }
        let keys = Set(exactly: members.map(\.key))
        let type = JSON.object(members)["rope_type"] ?? scaling["type"] ?? "default"
        let needed = ["rope_type"] + (Self.ropeKeys[type.string ?? ""] ?? [])
        guard Self.ropeKeys[type.string ?? ""] == nil || needed.allSatisfy(keys.contains) else {
            return false
        }
        self["rope_scaling"] = .object(members)
        return true
    }

    /// What each kind needs beside its name; of other kinds nothing is asked.
    private static let ropeKeys: [ExactName: [String]] = [
        "default": [], "linear": ["factor"], "dynamic": ["factor"], "yarn": ["factor"],
        "longrope": ["short_factor", "long_factor"],
        "llama3": ["factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor"],
    ]
}
