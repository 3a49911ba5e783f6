import Formats
import Tensors

/// Preferred Networks' PLaMo 3: windows in some layers, and norms that are counted from numbers other than 0.
struct Plamo3: PlainFamily {
    static let classes = ["Plamo3ForCausalLM", "PLaMo3ForCausalLM"]
    static let names = TensorNames(
        sharedNames([("mixer.q_norm", "attn_q_norm"), ("mixer.k_norm", "attn_k_norm")]))

    /// The names of the tensors that PLaMo 2 has, too, with a layer's others.
    static func sharedNames(_ others: [(name: String, inGGUF: String)]) -> [ExactName: String] {
        var names: [ExactName: String] = [
            "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
        ]
        for (name, inGGUF) in [
            ("pre_mixer_norm", "attn_norm"), ("post_mixer_norm.weight", "post_attention_norm"),
            ("pre_mlp_norm", "ffn_norm"), ("post_mlp_norm.weight", "post_ffw_norm"),
            ("mixer.qkv_proj", "attn_qkv"), ("mixer.o_proj", "attn_output"),
            ("mlp.gate_up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
        ] + others { names[ExactName("model.layers.layers.*.\(name)")] = "blk.*.\(inGGUF)" }
        return names
    }

    let name = "plamo3"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: [
                "attn_norm", "attn_qkv", "attn_q_norm", "attn_k_norm", "attn_output", "post_attention_norm.",
                "ffn_norm", "ffn_up", "ffn_down", "post_ffw_norm.",
            ])
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasUTF8Suffix(".mixer.qkv_proj.weight") {
            let heads = try RotaryHeads(config)
            let rows = (heads.count &+ 2 &* heads.keyCount) &* heads.length
            guard value.shape.first == rows else {
                throw .wrongShape(name, value.shape, "which has not \(rows) rows")
            }
        }
        return try converted(name, Self.counted(name, value, parts.model))
    }

    /// A norm with the number that it is counted from, which torch rounds to 16 bits where the norm has 16.
    static func counted(_ name: String, _ value: TensorValue, _ model: HuggingFaceModel) -> TensorValue {
        let starts: [(String, Float)] = [
            (".post_mixer_norm.weight", 1.0 / 5),
            (".post_mlp_norm.weight", Float(1 / (5 * 5.0.squareRoot()))),
            (".pre_mixer_norm.weight", 1), (".pre_mlp_norm.weight", 1), (".mixer.q_norm.weight", 1),
            (".mixer.k_norm.weight", 1), (".norm.weight", 1),
        ]
        guard let start = starts.first(where: { name.hasUTF8Suffix($0.0) })?.1 else { return value }
        let isHalf = value.view.map { model.tensors[$0.tensor].dtype == .f16 } ?? false
        return value.adding(isHalf ? Float(Float16(start)) : start)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(try stretched(), fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        guard config.first(["window_size", "sliding_window"]) != nil else { return }
        try metadata.addCount("attention.sliding_window", config, ["window_size", "sliding_window"])
        guard let pattern = config["sliding_window_pattern"] else {
            throw ModelConfig.missing(["sliding_window_pattern"])
        }
        if let list = pattern.array, list.allSatisfy({ $0.bool != nil }) {
            metadata.set("attention.sliding_window_pattern", .bools(list.compactMap(\.bool)))
        } else {
            try metadata.addNeededCount(
                "attention.sliding_window_pattern", config, ["sliding_window_pattern"])
        }
    }

    /// The configuration with rotations of the kind yarn where it states a factor alone.
    private func stretched() throws(ConversionError) -> ModelConfig {
        guard let factor = try config.numberIfPresent("rope_scaling_factor"), factor != 1 else {
            return config
        }
        var stated = config["rope_parameters"] ?? config["rope_scaling"] ?? .null
        guard RopeParameters(config).type == nil else { return config }
        if stated.members == nil { stated = .object([]) }
        var config = config
        let context = try config.size("initial_context_length")
        let own = [
            JSON.Member("rope_type", "yarn"), JSON.Member("factor", .number(factor)),
            JSON.Member("original_max_position_embeddings", .integer(context)),
            JSON.Member("beta_fast", 32), JSON.Member("beta_slow", 1),
        ]
        let keys = own.map(\.key)
        config["rope_parameters"] = .object(
            (stated.members ?? []).filter { !keys.containsExactly($0.key) } + own)
        return config
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addPlamo(to: &metadata)
        let stated = try parts.model.files.json("tokenizer_config.json")?["chat_template"]?.string
        if let template = parts.model.files.text("chat_template.jinja") ?? stated, !template.isEmpty {
            metadata["tokenizer.chat_template"] = .string(template)
        }
    }
}
