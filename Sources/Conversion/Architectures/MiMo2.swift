import Formats
import Tensors

/// Xiaomi's MiMo V2: windows with sinks in most layers, experts in all but the first, and three blocks that predict more
/// than one token ahead.
struct MiMo2: ModelArchitecture {
    static let classes = ["MiMoV2FlashForCausalLM", "MiMoV2ForCausalLM"]
    static let modelTypes: [String] = []

    let name = "mimo2"
    private let config: ModelConfig
    private let blockCount: Int
    /// How many blocks are written behind the last; those who train a model on leave them out.
    private let predictionCount: Int
    private var experts: ExpertStacks
    /// The names of the tensors of blocks ahead.
    private var seen: [String] = []

    /// With queries, keys and values apart, and in one matrix, as the later models have them.
    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let layer = "model.layers.*.self_attn."
        let fused = [layer + "qkv_proj.weight"]
        let parts = ["q", "k", "v"].map { "\(layer)\($0)_proj" }
        let count = config.first(["n_routed_experts"])?.wholeNumber
        let apart = names.without([layer + "qkv_proj"]).storingExperts(count: count).spellings
        let joined = names.without(parts).storing([
            "blk.*.attn_q.weight": fused, "blk.*.attn_k.weight": fused, "blk.*.attn_v.weight": fused,
        ]).storingExperts(count: count).spellings
        return config.architecture == "MiMoV2ForCausalLM" ? joined + apart : apart + joined
    }

    private static let names = TensorNames.llama.adding([
        "model.layers.*.self_attn.qkv_proj": "blk.*.attn_qkv",
        "model.layers.*.self_attn.attention_sink_bias": "blk.*.attn_sinks",
        "model.layers.*.mlp.gate.e_score_correction": "blk.*.exp_probs_b",
        "model.layers.*.pre_mlp_layernorm": "blk.*.ffn_norm",
        "model.layers.*.final_layernorm": "blk.*.layer_output_norm",
    ]).adding(TensorNames.prediction)

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        func list(_ key: String) -> [Bool] { (config[key]?.array ?? []).map(\.isTruthy) }
        let (experts, windows) = (list("moe_layer_freq"), list("hybrid_layer_pattern"))
        let sinks = ["add_full_attention_sink_bias", "add_swa_attention_sink_bias"].map {
            config[$0]?.isTruthy == true
        }
        let last = (try? config.size("num_hidden_layers")) ?? Int.max
        return RequiredTensors(RequiredTensors.embeddings) { block in
            let isWindowed = block >= last || windows.indices.contains(block) && windows[block]
            let attention =
                RequiredTensors.llama + (sinks[isWindowed ? 1 : 0] ? ["attn_sinks"] : [])
            if block >= last {
                return attention + RequiredTensors.dense + ["nextn.eh_proj", "nextn.enorm", "nextn.hnorm"]
            }
            let hasExperts = experts.indices.contains(block) && experts[block]
            return attention
                + (hasExperts ? RequiredTensors.experts + ["exp_probs_b.bias"] : RequiredTensors.dense)
        }
    }

    static func name(of tensor: String) -> String? {
        guard let name = TextTensors.name(of: tensor) else { return nil }
        return name.containsUTF8("attention_sink") && !name.hasUTF8Suffix(".weight") ? name + ".weight" : name
    }

    /// How many there are in what was published, which no key states.
    private static let published = 3
    private static let ahead = "model.mtp.layers."

    static func missingPredictions(_ config: ModelConfig, stored: [String]) -> [String] {
        guard stored.contains(where: { $0.hasUTF8Prefix(ahead) }) else { return [] }
        let isFused = stored.contains { $0.containsUTF8("self_attn.qkv_proj.") }
        let attention = (isFused ? ["qkv"] : ["q", "k", "v"]) + ["o"]
        let ends =
            ["input_layernorm", "pre_mlp_layernorm", "final_layernorm", "eh_proj", "enorm", "hnorm"]
            + attention.map { "self_attn.\($0)_proj" } + ["gate", "up", "down"].map { "mlp.\($0)_proj" }
            + (config["add_swa_attention_sink_bias"]?.isTruthy == true
                ? ["self_attn.attention_sink_bias"] : [])
        let names = Set(exactly: stored)
        return (0..<published).flatMap { layer in ends.map { "\(ahead)\(layer).\($0).weight" } }
            .filter { !names.contains(ExactName($0)) }
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        blockCount = try config.size("num_hidden_layers")
        let isThere = model.tensors.isEmpty || model.tensors.contains { $0.name.hasUTF8Prefix(Self.ahead) }
        predictionCount = isThere ? Self.published : 0
        experts = ExpertStacks(
            count: try config.size("n_routed_experts"), parts: ["gate_proj", "up_proj", "down_proj"],
            path: "mlp.experts")
        let quantization = config["quantization_config"]
        let isFused = model.storedTensors.contains {
            $0.name.hasUTF8Suffix("self_attn.qkv_proj.weight_scale_inv")
        }
        guard !isFused, quantization?["store_dtype"]?.isText("mxfp4") != true else {
            throw ConversionError(
                .quantizationUnknown,
                "queries, keys and values of 8 bits in parts of several processors, and experts of 4 bits, cannot be "
                    + "converted for this family",
                fix: "take the model with weights of 16 bits")
        }
    }

    // MARK: Tensors

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let renamed = try behind(name)
        if name.hasUTF8Prefix(Self.ahead) { seen.append(name) }
        try check(renamed, value)
        return try experts.converted(renamed, value, Self.names, self.name)
    }

    /// The name of a tensor of a block ahead as if it were behind the others; others keep theirs.
    private func behind(_ name: String) throws(ConversionError) -> String {
        guard name.hasUTF8Prefix(Self.ahead) else { return name }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 4, let layer = Int(parts[3]), (0..<Self.published).contains(layer) else {
            throw .unknownTensor(name, self.name)
        }
        return "model.layers.\(blockCount + layer)." + parts.dropFirst(4).joined(separator: ".")
    }

    /// Looks at the rows of attention, which differ by the kind of layer.
    private func check(_ name: String, _ value: TensorValue) throws(ConversionError) {
        guard let block = TensorNames.block(of: name), block < blockCount + Self.published else { return }
        let queries = try config.size("num_attention_heads") &* config.size("head_dim")
        let heads = try config.size(windows()[block] ? "swa_num_key_value_heads" : "num_key_value_heads")
        let keys = try heads &* config.size("head_dim")
        let values = try heads &* config.size("v_head_dim")
        for (end, rows) in [
            ("q_proj", queries), ("k_proj", keys), ("v_proj", values),
            ("qkv_proj", queries &+ keys &+ values),
        ] where name.hasUTF8Suffix(".self_attn.\(end).weight") {
            guard value.shape.first == rows else {
                throw .wrongShape(name, value.shape, "which has not \(rows) rows")
            }
        }
    }

    func finish() throws(ConversionError) {
        try experts.finish()
        let missing = Self.missingPredictions(config, stored: seen)
        if !missing.isEmpty { throw .missingTensors(missing) }
    }

    /// Whether each layer has a window, as those ahead have.
    private func windows() throws(ConversionError) -> [Bool] {
        guard let stated = config["hybrid_layer_pattern"]?.array, stated.count == min(blockCount, 1 << 16)
        else {
            throw ModelConfig.missing(["hybrid_layer_pattern"])
        }
        return stated.map { $0.wholeNumber == 1 } + [Bool](repeating: true, count: Self.published)
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        var generic = config
        generic["num_hidden_layers"] = .integer(blockCount + predictionCount)
        try metadata.addGenericParameters(generic, fileType: fileType)
        for (own, other) in [
            ("swa_head_dim", "head_dim"), ("swa_num_attention_heads", "num_attention_heads"),
            ("swa_v_head_dim", "v_head_dim"),
        ] where try config.size(own) != config.size(other) {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"\(own)\" is not \"\(other)\", and GGUF has no place for it",
                fix: "check that it is the config.json of this model")
        }
        guard config["topk_method"]?.isText("noaux_tc") == true else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"topk_method\" is not \"noaux_tc\", as llama.cpp has this family",
                fix: "check that it is the config.json of this model")
        }
        let (heads, windowed) = (
            try config.size("num_key_value_heads"), try config.size("swa_num_key_value_heads")
        )
        let windows = Array(try windows().prefix(blockCount + predictionCount))
        metadata.set(
            "attention.head_count_kv", .int32s(windows.map { Int32(clamping: $0 ? windowed : heads) }))
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        metadata.set("attention.sliding_window_pattern", .int32s(windows.map { $0 ? 1 : 0 }))
        try metadata.addNeededCount("attention.value_length", config, ["v_head_dim"])
        try metadata.addNeededCount("expert_count", config, ["n_routed_experts"])
        try metadata.addNeededCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        guard let share = RopeParameters(config).number("partial_rotary_factor") else {
            throw ModelConfig.missing(["partial_rotary_factor"])
        }
        metadata.set(
            "rope.dimension_count",
            try ModelMetadata.share(share, of: config.size("head_dim"), heads: 1))
        let epsilon = config["layernorm_epsilon"] == nil ? 1e-5 : try config.number("layernorm_epsilon")
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float(epsilon)))
        try metadata.addFloat("attention.value_scale", config, ["attention_value_scale"])
        if predictionCount > 0 {
            metadata.set("nextn_predict_layers", try ModelMetadata.count(predictionCount))
        }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
