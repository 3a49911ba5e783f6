import Formats
import Tensors

/// Rednote's dots3: DeepSeek's attention in two forms, one of them with a window, with gates, and an index in the other.
struct Dots3Note: PlainFamily {
    static let classes = [
        "Dots3NoteForCausalLM", "Dots3NoteForConditionalGeneration", "Dots3NoteTextForCausalLM",
    ]
    static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.layers.*.self_attn.k_rope_only_layernorm": "blk.*.attn_k_norm"
        ]
        for gate in gates { names[ExactName("model.layers.*.self_attn.\(gate)")] = "blk.*.attn_gate" }
        return DeepSeek2.names.adding(names).storing(LatentAttention.sources("self_attn"))
    }()
    /// What the layer is called that makes the gates of attention.
    private static let gates = ["g_proj", "gate_proj", "output_gate", "linear_gate"]
    /// The embeddings of the block that predicts a further token, which show that there is one.
    private static let ahead = "model.mtp.embed_tokens.weight"

    let name = "dots3note"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [StoredExperts(keys: ["n_routed_experts"])]
    }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let count = config.first(["n_routed_experts"])?.wholeNumber
        let short =
            ["embed_tokens", "norm"] + names.names.keys.map(\.text).filter { $0.hasUTF8Prefix("layers.") }
        return gates.map { gate in
            names.without(gates.filter { $0 != gate }.map { "model.layers.*.self_attn.\($0)" } + short)
                .storingExperts(count: count)
        }
    }

    static func name(of tensor: String) -> String? {
        if ["vision_encoder.", "audio_encoder."].contains(where: { tensor.hasUTF8Prefix($0) }) { return nil }
        return TextTensors.name(of: tensor)
    }

    /// Whether a block's attention has a window, as that of the block behind the last.
    private static func hasWindow(_ config: ModelConfig, _ block: Int) -> Bool {
        let kinds = config["layer_types"]?.array ?? []
        let count = config["num_hidden_layers"]?.wholeNumber ?? 0
        return block >= count || kinds.indices.contains(block) && kinds[block].isText("sliding_attention")
    }

    private static let attention = [
        "attn_norm", "attn_q_a", "attn_q_a_norm", "attn_q_b", "attn_kv_a_mqa", "attn_kv_a_norm",
        "attn_k_norm",
        "attn_k_b", "attn_v_b", "attn_output", "attn_gate", "ffn_norm",
    ]

    /// What lacks of the block that predicts a further token, of which the configuration states nothing.
    static func missingPredictions(_ config: ModelConfig, stored: [String]) -> [String] {
        guard let count = config["num_hidden_layers"]?.wholeNumber else { return [] }
        let block = "model.layers.\(count)"
        let met = Set(exactly: stored)
        guard met.contains(ExactName(ahead)) || stored.contains(where: { $0.hasUTF8Prefix(block + ".") })
        else {
            return []
        }
        let gate = gates.first { gate in stored.contains { $0.hasUTF8Suffix(".self_attn.\(gate).weight") } }
        let layers =
            [
                "input_layernorm", "post_attention_layernorm", "mlp.gate_proj", "mlp.up_proj",
                "mlp.down_proj",
                "eh_proj", "enorm", "hnorm", "shared_head.norm",
            ]
            + [
                "q_a_proj", "q_a_layernorm", "q_b_proj", "kv_a_proj_with_mqa", "kv_a_layernorm", "kv_b_proj",
                "o_proj", "k_rope_only_layernorm", gate ?? gates[0],
            ].map { "self_attn.\($0)" }
        return ([ahead] + layers.map { "\(block).\($0).weight" }).filter { !met.contains(ExactName($0)) }
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let dense = config.first(["first_k_dense_replace"])?.wholeNumber ?? 0
        return RequiredTensors(RequiredTensors.embeddings) { block in
            attention
                + (block < dense
                    ? RequiredTensors.dense
                    : RequiredTensors.experts + RequiredTensors.sharedExperts + ["exp_probs_b.bias"])
                + (hasWindow(config, block)
                    ? [] : ["indexer.attn_q_b", "indexer.attn_k", "indexer.k_norm+", "indexer.proj"])
        }
    }

    // MARK: Tensors

    mutating func convert(_ stored: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor]
    {
        let count = try config.size("num_hidden_layers")
        let name = stored == Self.ahead ? "model.layers.\(count).embed_tokens.weight" : stored
        if config.leavesOut(head: name) { return [] }
        let block = TensorNames.block(of: name)
        var value = value
        if config["apply_mla_qkv_lora_rescale"]?.isTruthy == true, let block {
            let window = Self.hasWindow(config, block) ? "swa_kv_lora_rank" : "kv_lora_rank"
            for (end, key) in [("q_a_layernorm", "q_lora_rank"), ("kv_a_layernorm", window)]
            where name.hasUTF8Suffix("\(end).weight") {
                let share = Double(try config.size("hidden_size")) / Double(try config.size(key))
                value.operations.append(.multiply(Float(share.squareRoot())))
                break
            }
        }
        guard name.hasUTF8Suffix(".kv_b_proj.weight"), let block else { return try converted(name, value) }
        let start = Self.hasWindow(config, block) ? "swa_" : ""
        return try LatentAttention.split(
            name, value, heads: config.size("\(start)num_attention_heads"),
            keys: config.size("\(start)qk_nope_head_dim"), values: config.size("\(start)v_head_dim"),
            Self.names,
            self.name)
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try check()
        let count = try config.size("num_hidden_layers")
        let ahead = parts.model.tensors.contains { $0.name.hasSameBytes(as: Self.ahead) } ? 1 : 0
        let windows = (0..<min(count + ahead, 1 << 16)).map { Self.hasWindow(config, $0) }
        let (wide, narrow) = (
            try config.size("num_attention_heads"), try config.size("swa_num_attention_heads")
        )
        var plain = config
        plain["num_attention_heads"] = .array(windows.map { .integer($0 ? narrow : wide) })
        plain["head_dim"] = nil
        try DeepSeek2.addShared(
            to: &metadata, plain, blockCount: count + ahead,
            isDense: plain.first(["n_routed_experts"]) == nil,
            fileType: fileType)
        let own = Array(windows.prefix(count))
        let (rank, rotated) = (try config.size("swa_kv_lora_rank"), try config.size("swa_qk_rope_head_dim"))
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window_size"])
        metadata.set("attention.sliding_window_pattern", .bools(own))
        for (key, size) in [
            ("kv_lora_rank_swa", rank), ("key_length_swa", rank + rotated), ("value_length_swa", rank),
            ("key_length_mla_swa", try config.size("swa_qk_nope_head_dim") + rotated),
            ("value_length_mla_swa", try config.size("swa_v_head_dim")),
        ] { metadata.set("attention.\(key)", try ModelMetadata.count(size)) }
        if ahead > 0 { metadata.set("nextn_predict_layers", try ModelMetadata.count(ahead)) }
        for (key, name) in [
            ("head_count", "index_n_heads"), ("key_length", "index_head_dim"), ("top_k", "index_topk"),
        ] { try metadata.addNeededCount("attention.indexer.\(key)", config, [name]) }
        metadata.set("attention.indexer.types", .bools(own.map { !$0 }))
    }

    /// Looks for what the reference refuses.
    private func check() throws(ConversionError) {
        let kinds = config["layer_types"]?.array ?? []
        guard try kinds.count >= config.size("num_hidden_layers") else {
            throw .wrongValue("layer_types", config["layer_types"] ?? .null, "a kind for each block")
        }
        guard config["scoring_func"]?.isText("sigmoid") == true else {
            throw .wrongValue("scoring_func", config["scoring_func"] ?? .null, "\"sigmoid\"")
        }
        for (key, other) in [
            ("swa_qk_rope_head_dim", "qk_rope_head_dim"), ("swa_q_lora_rank", "q_lora_rank"),
        ]
        where try config.size(key) != config.size(other) {
            throw .wrongValue(key, config[key] ?? .null, "the same as \"\(other)\"")
        }
        let length = config["swa_head_dim"] == nil ? 256 : try config.size("swa_head_dim")
        guard try config.size("swa_qk_nope_head_dim") + config.size("swa_qk_rope_head_dim") == length else {
            throw .wrongValue(
                "swa_head_dim", .integer(length), "the sum of what is rotated of a head and what is not")
        }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata, special: [("eot", "<|endofassistant|>")])
    }
}
