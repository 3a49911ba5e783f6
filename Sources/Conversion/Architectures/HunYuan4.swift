import Formats
import Tensors

/// Tencent's Hy4: DeepSeek's attention with gates and sinks, several streams of residuals, and an index that some layers
/// have and others share. Blocks that predict further tokens are not written.
struct HunYuan4: PlainFamily {
    static let classes = ["HYV4ForCausalLM"]
    static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.layers.*.self_attn.learnable_sink_param": "blk.*.attn_sinks.weight",
            "model.layers.*.mlp.experts.down_proj": "blk.*.ffn_down_exps.weight",
            "model.layers.*.mlp.router.gate": "blk.*.ffn_gate_inp",
            "model.layers.*.mlp.expert_bias": "blk.*.exp_probs_b",
            "model.layers.*.mlp.e_score_correction": "blk.*.exp_probs_b",
        ]
        for gate in gates { names[ExactName("model.layers.*.self_attn.\(gate)")] = "blk.*.attn_gate" }
        for part in ["gate", "up", "down"] {
            names[ExactName("model.layers.*.mlp.shared_mlp.\(part)_proj")] = "blk.*.ffn_\(part)_shexp"
        }
        for end in ["fn", "base", "scale"] {
            names[ExactName("model.hc_head.hc_head_\(end)")] = "output_hc_\(end).weight"
            for (own, inGGUF) in [("attn", "attn"), ("mlp", "ffn")] {
                names[ExactName("model.layers.*.hc_\(own)_layer.hc_pre.hc_\(end)")] =
                    "blk.*.hc_\(inGGUF)_\(end).weight"
            }
        }
        return DeepSeek2.names.adding(names).storing(LatentAttention.sources("self_attn"))
    }()
    /// What the layer is called that makes the gates of attention.
    private static let gates = ["linear_gate", "output_gate", "gate_proj", "g_proj"]

    let name = "hy_v4"
    var parts: PlainParts

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let stacks = ["model.layers.*.mlp.experts.gate_up_proj"]
        return gates.flatMap { gate in
            ["shared_experts", "shared_mlp"].flatMap { shared in
                ["gate.e_score_correction", "e_score_correction", "expert_bias"].map { bias in
                    let others =
                        gates.filter { $0 != gate }.map { "self_attn.\($0)" }
                        + ["shared_experts", "shared_mlp"].filter { $0 != shared }.flatMap { other in
                            ["gate", "up", "down"].map { "mlp.\(other).\($0)_proj" }
                        }
                        + ["gate.e_score_correction", "e_score_correction", "expert_bias"].filter {
                            $0 != bias
                        }.map { "mlp.\($0)" } + [bias == "expert_bias" ? "mlp.gate" : "mlp.router.gate"]
                    return names.without(
                        others.map { "model.layers.*.\($0)" } + ["embed_tokens", "norm"]
                            + names.names.keys.map(\.text).filter { $0.hasUTF8Prefix("layers.") }
                    ).storing([
                        "blk.*.ffn_gate_exps.weight": stacks, "blk.*.ffn_up_exps.weight": stacks,
                    ])
                }
            }
        }
    }

    static func name(of tensor: String) -> String? {
        tensor.hasUTF8Prefix("model.mtp_layers.") ? nil : TextTensors.name(of: tensor)
    }

    /// Which blocks have an index of their own; `nil` where no block has one.
    private static func indexed(_ config: ModelConfig) -> [Bool]? {
        if let types = config.first(["indexer_types"])?.array { return types.map { $0.isText("full") } }
        let kinds = config.first(["layer_types"])?.array ?? []
        let sparse = kinds.map { $0.isText("sparse_attention") || $0.isText("deepseek_sparse_attention") }
        return sparse.contains(true) ? sparse : nil
    }

    /// How many blocks have no experts.
    private static func denseCount(_ config: ModelConfig) -> Int? {
        let stated = config.first(["first_k_dense_replace"])?.wholeNumber
        return stated ?? config["mlp_layer_types"]?.array.map { $0.prefix { $0.isText("dense") }.count }
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let (dense, indexed) = (denseCount(config) ?? 0, indexed(config))
        let attention =
            [
                "attn_norm", "attn_sinks", "attn_q_a", "attn_q_a_norm", "attn_q_b", "attn_kv_a_mqa",
                "attn_kv_a_norm", "attn_k_b", "attn_v_b", "attn_output", "attn_gate", "ffn_norm",
            ] + ["attn", "ffn"].flatMap { part in ["fn", "base", "scale"].map { "hc_\(part)_\($0)" } }
        return RequiredTensors(
            ["token_embd", "output_norm", "output", "output_hc_fn", "output_hc_base", "output_hc_scale"]
        ) { block in
            attention
                + (block < dense
                    ? RequiredTensors.dense
                    : RequiredTensors.experts + RequiredTensors.sharedExperts + ["exp_probs_b.bias"])
                + (indexed.map { $0.indices.contains(block) && $0[block] } == true
                    ? ["indexer.attn_q_b", "indexer.attn_k", "indexer.k_norm+", "indexer.proj"] : [])
        }
    }

    // MARK: Tensors

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if config.leavesOut(head: name) { return [] }
        let count = try config.size("num_hidden_layers")
        if name.hasUTF8Prefix("model.layers."), let block = TensorNames.block(of: name), block >= count {
            return []
        }
        if name.hasUTF8Suffix(".kv_b_proj.weight") {
            return try LatentAttention.split(
                name, value, heads: config.size("num_attention_heads"), keys: config.size("qk_nope_head_dim"),
                values: config.size("v_head_dim"), Self.names, self.name)
        }
        guard name.hasUTF8Suffix("mlp.experts.gate_up_proj") else { return try converted(name, value) }
        let inner = try config.size("moe_intermediate_size")
        guard let view = value.view, view.shape.count == 3, view.shape[1] == 2 * inner,
            let gates = view.sliced(axis: 1, 0..<inner), let values = view.sliced(axis: 1, inner..<2 * inner),
            let block = TensorNames.block(of: name)
        else { throw .wrongShape(name, value.shape, "which has no two halves of \(inner) rows") }
        return [
            ConvertedTensor("blk.\(block).ffn_gate_exps.weight", TensorValue(gates)),
            ConvertedTensor("blk.\(block).ffn_up_exps.weight", TensorValue(values)),
        ]
    }

    func type(of name: String, shape: [Int], wanted: OutputType) -> GGMLType? {
        if ["hc_attn_fn.weight", "hc_ffn_fn.weight", "output_hc_fn.weight"].contains(where: {
            name.hasUTF8Suffix($0)
        }) {
            return .f32
        }
        return name == "output.weight" && config["enable_lm_head_fp32"]?.isTruthy == true ? .f32 : nil
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        var plain = config
        if plain["n_group"]?.wholeNumber == 1, plain["topk_group"]?.wholeNumber == 1 {
            (plain["n_group"], plain["topk_group"]) = (nil, nil)
        }
        guard let dense = Self.denseCount(config) else {
            throw ModelConfig.missing(["first_k_dense_replace", "mlp_layer_types"])
        }
        guard dense >= 0 else {
            throw .wrongValue("first_k_dense_replace", .integer(dense), "a number of blocks")
        }
        let kinds = config["mlp_layer_types"]?.array ?? []
        guard kinds.isEmpty || kinds.prefix(while: { $0.isText("dense") }).count == dense,
            !kinds.dropFirst(dense).contains(where: { $0.isText("dense") })
        else {
            throw .wrongValue(
                "mlp_layer_types", config["mlp_layer_types"] ?? .null,
                "\(dense) times \"dense\" and others behind them")
        }
        plain["first_k_dense_replace"] = .integer(dense)
        let count = try config.size("num_hidden_layers")
        try DeepSeek2.addShared(
            to: &metadata, plain, blockCount: count, isDense: plain.first(["n_routed_experts"]) == nil,
            fileType: fileType)
        metadata.set("expert_gating_func", .uint32(2))
        let limit = try config.numberIfPresent("swiglu_limit") ?? 0
        if limit > 0 { metadata.addGateLimit(limit, blockCount: count, ["exp"]) }
        try metadata.addNeededCount("hyper_connection.count", config, ["hc_mult"])
        try metadata.addNeededFloat("hyper_connection.epsilon", config, "hc_eps")
        try metadata.addNeededFloat("hyper_connection.magnitude", config, "hc_magnitude")
        try addIndex(to: &metadata, count)
    }

    private func addIndex(to metadata: inout ModelMetadata, _ count: Int) throws(ConversionError) {
        guard let indexed = Self.indexed(config) else { return }
        let types = config.first(["indexer_types"])?.array ?? []
        guard indexed.count >= count, types.isEmpty || indexed.first == true,
            types.prefix(count).allSatisfy({ $0.isText("full") || $0.isText("shared") })
        else {
            throw .wrongValue(
                "indexer_types", config["indexer_types"] ?? .null,
                "\"full\" or \"shared\" for each block, the first full")
        }
        for (key, own) in [
            ("head_count", "index_n_heads"), ("key_length", "index_head_dim"), ("top_k", "index_topk"),
        ] { try metadata.addNeededCount("attention.indexer.\(key)", config, [own]) }
        metadata.set("attention.indexer.types", .bools(Array(indexed.prefix(count))))
    }
}
