package import Formats
package import Tensors

extension ModelMetadata {
    /// Adds the keys that models of language have in common, in the converter's order (base.py,
    /// `TextModel.set_gguf_parameters`).
    /// - Throws: where a value is not of the key's kind.
    mutating func addGenericParameters(_ config: ModelConfig, fileType: UInt32) throws(ConversionError) {
        set("block_count", try Self.count(config.blockCount()))
        try addCount(
            "context_length", config,
            [
                "max_position_embeddings", "n_ctx", "n_positions", "max_length", "max_sequence_length",
                "model_max_length",
            ])
        try addCount("embedding_length", config, ["hidden_size", "n_embd", "dim"])
        try addCount(
            "feed_forward_length", config,
            [
                "prefix_dense_intermediate_size", "dense_intermediate_size", "intermediate_size", "n_inner",
                "hidden_dim",
            ])
        try addCount("attention.head_count", config, ["num_attention_heads", "n_head", "n_heads"])
        try addCount("attention.head_count_kv", config, ["num_key_value_heads", "n_kv_heads"])
        if config["is_causal"]?.flag == false { set("attention.causal", .bool(false)) }
        try addRope(RopeParameters(config))
        try addFloat("attention.layer_norm_rms_epsilon", config, ["rms_norm_eps", "norm_eps"])
        try addFloat(
            "attention.layer_norm_epsilon", config, ["layer_norm_eps", "layer_norm_epsilon", "norm_epsilon"])
        try addCount("expert_count", config, ["num_local_experts", "num_experts", "n_routed_experts"])
        try addCount(
            "expert_used_count", config, ["num_experts_per_tok", "num_experts_per_token", "top_k_experts"])
        try addCount("expert_group_count", config, ["n_group"])
        try addCount("expert_group_used_count", config, ["topk_group"])
        try addGating(config)
        if config.first(["head_dim"]) != nil {
            try addCount("attention.key_length", config, ["head_dim"])
            try addCount("attention.value_length", config, ["head_dim"])
        }
        self["general.file_type"] = .uint32(fileType)
    }

    /// Adds a whole number of 32 bits where one of the keys is there and not `null`; a list of them as an array.
    mutating func addCount(_ key: String, _ config: ModelConfig, _ keys: [String]) throws(ConversionError) {
        guard let value = config.first(keys) else { return }
        if let list = value.array {
            var numbers: [Int32] = []
            for element in list {
                guard let number = element.integer.flatMap({ Int32(exactly: $0) }) else {
                    throw Self.wrong(keys)
                }
                numbers.append(number)
            }
            set(key, .int32s(numbers))
            return
        }
        // A float such as 4.0 is none to the reference either.
        guard let number = value.integer else { throw Self.wrong(keys) }
        set(key, try Self.count(number))
    }

    /// Adds a whole number of 32 bits, or a list of them.
    /// - Throws: where none of the keys is there, or the first that is there is `null`.
    mutating func addNeededCount(
        _ key: String, _ config: ModelConfig, _ keys: [String]
    ) throws(ConversionError) {
        guard config.first(keys) != nil else { throw ModelConfig.missing(keys) }
        try addCount(key, config, keys)
    }

    /// A share of a number, cut to a whole one and divided among heads.
    package static func share(_ share: Double, of number: Int, heads: Int) throws(ConversionError)
        -> GGUFContent
    {
        guard heads > 0, let whole = Int(exactly: (share * Double(number)).rounded(.towardZero)) else {
            throw ConversionError(
                .configValueWrong, "config.json: \(share) is not a share of \(number) elements to rotate",
                fix: "check that it is the config.json of this model")
        }
        return try count(whole / heads)
    }

    /// Adds a number where one of the keys is there and not `null`.
    mutating func addFloat(_ key: String, _ config: ModelConfig, _ keys: [String]) throws(ConversionError) {
        guard let value = config.first(keys) else { return }
        guard let number = value.double else { throw Self.wrong(keys) }
        set(key, .float32(Float(number)))
    }

    /// A whole number as 32 bits have it.
    package static func count(_ number: Int) throws(ConversionError) -> GGUFContent {
        guard let small = UInt32(exactly: number) else {
            throw ConversionError(
                .configValueWrong, "config.json has \(number) where a number of 32 bits is needed",
                fix: "check that it is the config.json of this model")
        }
        return .uint32(small)
    }

    private static func wrong(_ keys: [String]) -> ConversionError {
        ConversionError(
            .configValueWrong,
            "config.json: \(keys.map { "\"\($0)\"" }.joined(separator: " or ")) is not a number of 32 bits",
            fix: "check that it is the config.json of this model")
    }

    private mutating func addRope(_ rope: RopeParameters) throws(ConversionError) {
        switch rope.type {
        case "linear":
            guard let factor = rope.number("factor") else { break }
            set("rope.scaling.type", .string("linear"))
            set("rope.scaling.factor", .float32(Float(factor)))
        case "yarn":
            guard let factor = rope.number("factor") else { break }
            set("rope.scaling.type", .string("yarn"))
            set("rope.scaling.factor", .float32(Float(factor)))
            guard let context = rope["original_max_position_embeddings"]?.wholeNumber else {
                throw ModelConfig.missing(["original_max_position_embeddings"])
            }
            set("rope.scaling.original_context_length", try Self.count(context))
            for (key, names) in [
                ("yarn_ext_factor", ["extrapolation_factor"]),
                ("yarn_attn_factor", ["attention_factor", "attn_factor"]),
                ("yarn_beta_fast", ["beta_fast"]), ("yarn_beta_slow", ["beta_slow"]),
            ] {
                guard let number = names.lazy.compactMap({ rope.number($0) }).first else { continue }
                set("rope.scaling.\(key)", .float32(Float(number)))
            }
        case "su", "longrope":
            set("rope.scaling.type", .string("longrope"))
        default: break
        }
        if let sections = rope.shared("mrope_section") {
            let numbers = (sections.array ?? []).compactMap { $0.integer.flatMap { Int32(exactly: $0) } }
            guard let list = sections.array, numbers.count == list.count else {
                throw .wrongValue("mrope_section", sections, "a list of whole numbers")
            }
            set("rope.dimension_sections", .int32s(Array((numbers + [0, 0, 0, 0]).prefix(4))))
        }
        for (key, base) in [("rope.freq_base", rope["rope_theta"]), ("rope.freq_base_swa", rope.slidingBase)]
        {
            guard let base else { continue }
            guard let number = base.double else { throw Self.wrong(["rope_theta"]) }
            set(key, .float32(Float(number)))
        }
    }

    private mutating func addGating(_ config: ModelConfig) throws(ConversionError) {
        let keys = ExpertGating.keys
        guard let value = config.first(keys) else { return }
        guard let function = value.string else {
            throw .wrongValue(keys.first { config[$0] != nil } ?? "", value, "a way to choose experts")
        }
        // llama.cpp, `enum llama_expert_gating_func_type`.
        let numbers: [ExactName: UInt32] = ["softmax": 1, "sigmoid": 2, "sqrtsoftplus": 4]
        guard let number = numbers[function] else {
            throw ConversionError(
                .configValueWrong,
                "config.json chooses experts by \"\(function)\", which GGUF has no number for"
            )
        }
        set("expert_gating_func", .uint32(number))
    }
}

extension JSON {
    /// The value of an integer, or of a number that is whole.
    var wholeNumber: Int? {
        if let integer { return integer }
        if case .number(let number) = self { return Int(exactly: number) }
        return nil
    }
}
