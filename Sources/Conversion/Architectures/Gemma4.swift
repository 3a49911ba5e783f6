import Formats
import Tensors

/// Google's Gemma 4: layers that see all have larger heads and may have no values of their own, the last layers may
/// share others' keys and values, and there may be experts beside the dense layers. Of models with pictures and sound
/// the part for text.
struct Gemma4: ModelArchitecture {
    static let classes = [
        "Gemma4ForCausalLM", "Gemma4ForConditionalGeneration", "Gemma4UnifiedForConditionalGeneration",
        "Gemma4AssistantForCausalLM", "Gemma4UnifiedAssistantForCausalLM",
    ]
    static let modelTypes: [String] = []

    let name: String
    private let model: HuggingFaceModel

    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = Gemma2.names.without(
        ["model.layers.*.mlp.gate"]
            + ["gate_proj", "up_proj", "down_proj"].flatMap {
                ["model.layers.*.mlp.experts.\($0)", "layers.*.mlp.experts.\($0)"]
            }
    ).adding(TensorNames.headNorms)
        .adding(TensorNames.perLayerInputs).adding([
            "model.layers.*.layer_scalar": "blk.*.layer_output_scale",
            "model.layers.*.pre_feedforward_layernorm_2": "blk.*.pre_ffw_norm_2",
            "model.layers.*.post_feedforward_layernorm_1": "blk.*.post_ffw_norm_1",
            "model.layers.*.post_feedforward_layernorm_2": "blk.*.post_ffw_norm_2",
            "model.layers.*.router.proj": "blk.*.ffn_gate_inp",
            "model.layers.*.experts.gate_up_proj": "blk.*.ffn_gate_up_exps",
            "model.layers.*.experts.down_proj": "blk.*.ffn_down_exps",
            "pre_projection": "nextn.pre_projection", "post_projection": "nextn.post_projection",
        ]).storing([
            "blk.*.ffn_gate_inp.scale": ["model.layers.*.router.scale"],
            "blk.*.ffn_down_exps.scale": ["model.layers.*.router.per_expert_scale"],
        ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        name = Self.isAssistant(model.config) ? "gemma4-assistant" : "gemma4"
    }

    /// Whether it drafts for another model, of whose keys and values its layers read.
    private static func isAssistant(_ config: ModelConfig) -> Bool {
        config.architecture.containsUTF8("Assistant")
    }

    // MARK: Tensors

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isAssistant = isAssistant(config)
        let perLayer = config.first(["hidden_size_per_layer_input"])?.wholeNumber ?? 0
        let hasExperts = config["enable_moe_block"]?.isTruthy == true
        let isShort = config["attention_k_eq_v"]?.isTruthy == true
        let windows = windows(config)
        let count = (try? config.blockCount()) ?? 0
        let shared = config.first(["num_kv_shared_layers"])?.wholeNumber ?? 0
        let own = isAssistant ? 0 : count &- min(max(shared, 0), count)
        let common =
            ["attn_norm", "attn_q", "attn_output", "attn_q_norm", "ffn_norm", "layer_output_scale"]
            + RequiredTensors.dense + ["post_attention_norm", "post_ffw_norm"]
            + (perLayer > 0 ? ["inp_gate", "proj", "post_norm"] : [])
            + (hasExperts
                ? [
                    "ffn_gate_inp", "ffn_gate_inp.scale", "ffn_gate_up_exps", "ffn_down_exps",
                    "ffn_down_exps.scale", "pre_ffw_norm_2", "post_ffw_norm_1", "post_ffw_norm_2",
                ] : [])
        let whole =
            RequiredTensors.embeddings
            + (perLayer > 0 ? ["per_layer_token_embd", "per_layer_model_proj", "per_layer_proj_norm"] : [])
            + (isAssistant ? ["nextn.pre_projection", "nextn.post_projection"] : [])
        return RequiredTensors(whole) { block in
            guard block < own else { return common }
            let isWindow = windows.indices.contains(block) ? windows[block] : false
            return common + ["attn_k", "attn_k_norm"] + (isShort && !isWindow ? [] : ["attn_v"])
        }
    }

    static func name(of tensor: String) -> String? {
        if tensor.containsUTF8("masked_embedding") { return nil }
        var tensor = tensor
        let ends = [".weight", ".weight_scale", ".weight_scale_2", ".input_scale"]
        if ["per_dim_scale", "layer_scalar"].contains(where: { tensor.hasUTF8Suffix($0) })
            || tensor.containsUTF8(".experts.") && !ends.contains(where: { tensor.hasUTF8Suffix($0) })
        {
            tensor += ".weight"
        }
        return TextTensors.name(of: tensor)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        for (end, inGGUF) in [
            ("router.scale", "ffn_gate_inp.scale"), (".per_expert_scale", "ffn_down_exps.scale"),
        ] where name.hasUTF8Suffix(end) {
            guard let block = TensorNames.block(of: name) else { throw .unknownTensor(name, self.name) }
            return [ConvertedTensor("blk.\(block).\(inGGUF)", value)]
        }
        let own =
            name.containsUTF8("embed_tokens.weight")
            ? try Gemma3.withoutSpareRows(name, value, model) : value
        return [try Self.names.renamed(name, own, self.name)]
    }

    /// The factors of the rotations of layers that see all: those that are not rotated are divided by a number beyond
    /// all others (gemma.py, `generate_extra_tensors`).
    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        guard let rope = model.config["rope_parameters"]?["full_attention"],
            rope["rope_type"]?.string.map({ $0.hasSameBytes(as: "proportional") }) == true,
            let share = rope["partial_rotary_factor"]?.double
        else {
            throw ConversionError(
                .configValueWrong,
                "config.json states no \"proportional\" rotations of \"full_attention\" with a "
                    + "\"partial_rotary_factor\", which Gemma 4 has")
        }
        let length = try wideHeadLength()
        guard let rotated = Int(exactly: (Double(length) * share / 2).rounded(.towardZero)),
            (0...length / 2).contains(rotated)
        else {
            throw ConversionError(
                .configValueWrong, "config.json: \(share) is not a share of \(length) elements to rotate")
        }
        let factors =
            [Float](repeating: 1, count: rotated) + [Float](repeating: 1e30, count: length / 2 - rotated)
        return [ConvertedTensor("rope_freqs.weight", TensorValue(numbers: factors, shape: [factors.count]))]
    }

    // MARK: Metadata

    /// Which layers have a window.
    private static func windows(_ config: ModelConfig) -> [Bool] {
        (config["layer_types"]?.array ?? []).map { $0.isText("sliding_attention") }
    }

    /// A number of the layers that see all, by its own key or as the first of them states it.
    private func wide(_ key: String, perLayer: String) throws(ConversionError) -> Int? {
        let config = model.config
        if config.first([key]) != nil { return try config.size(key) }
        let windows = Self.windows(config)
        for (place, layer) in (config["per_layer_config"]?.members ?? []).map({ ($0.key, $0.value) }) {
            guard let place = Int(place), windows.indices.contains(place), !windows[place],
                let own = layer[perLayer]?.integer, own > 0, own <= Int(Int32.max)
            else { continue }
            return own
        }
        return nil
    }

    private func wideHeadLength() throws(ConversionError) -> Int {
        guard let length = try wide("global_head_dim", perLayer: "head_dim") else {
            throw ModelConfig.missing(["global_head_dim"])
        }
        return try ModelConfig.rotatedHead(length)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        try Gemma3.addParameters(to: &metadata, config, fileType: fileType)
        try metadata.addNeededCount("attention.shared_kv_layers", config, ["num_kv_shared_layers"])
        metadata.set(
            "embedding_length_per_layer_input",
            try ModelMetadata.count(config.integerIfPresent("hidden_size_per_layer_input") ?? 0))
        guard config["layer_types"]?.array != nil else { throw ModelConfig.missing(["layer_types"]) }
        let windows = Self.windows(config)
        metadata.set("attention.sliding_window_pattern", .bools(windows))
        let (wide, narrow) = (try wideHeadLength(), try config.size("head_dim"))
        for key in ["attention.key_length", "attention.value_length"] {
            metadata.set(key, try ModelMetadata.count(wide))
        }
        for key in ["attention.key_length_swa", "attention.value_length_swa"] {
            metadata.set(key, try ModelMetadata.count(narrow))
        }
        try metadata.addCount(
            "expert_feed_forward_length", config, ["expert_intermediate_size", "moe_intermediate_size"])
        try addFeedForwardLengths(to: &metadata)
        if let wide = try self.wide("num_global_key_value_heads", perLayer: "num_key_value_heads"),
            let narrow = try config.integerIfPresent("num_key_value_heads")
        {
            metadata.set(
                "attention.head_count_kv", .int32s(windows.map { Int32(clamping: $0 ? narrow : wide) }))
        }
        let share = RopeParameters(config).shared("partial_rotary_factor")?.double ?? 1
        metadata.set("rope.dimension_count", try ModelMetadata.count(wide))
        metadata.set("rope.dimension_count_swa", try ModelMetadata.share(share, of: narrow, heads: 1))
        if config.architecture.hasUTF8Prefix("Gemma4UnifiedFor") { try addSuppressed(to: &metadata) }
        if Self.isAssistant(config) {
            metadata.set("embedding_length_out", try ModelMetadata.count(config.size("backbone_hidden_size")))
            metadata.set("nextn_predict_layers", try ModelMetadata.count(config.blockCount()))
        }
    }

    /// Layers that share others' keys and values may have dense layers of twice the width.
    private func addFeedForwardLengths(to metadata: inout ModelMetadata) throws(ConversionError) {
        let config = model.config
        guard config["use_double_wide_mlp"]?.isTruthy == true else { return }
        let length = try config.size("intermediate_size")
        let first = try config.blockCount() &- config.integer("num_kv_shared_layers")
        let lengths = (0..<min(try config.blockCount(), 1 << 16)).map {
            Int32(clamping: $0 < first ? length : 2 &* length)
        }
        metadata.set("feed_forward_length", .int32s(lengths))
    }

    /// The tokens that are never to come out.
    private func addSuppressed(to metadata: inout ModelMetadata) throws(ConversionError) {
        guard let tokens = try model.files.json("generation_config.json")?["suppress_tokens"]?.array else {
            return
        }
        metadata["tokenizer.ggml.suppress_tokens"] = .int32s(
            tokens.map { Int32(clamping: $0.integer ?? 0) })
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addGemma4(to: &metadata)
    }
}

extension TensorNames {
    /// The names of what gives every layer an input of its own for each token.
    static let perLayerInputs: [ExactName: String] = [
        "model.embed_tokens_per_layer": "per_layer_token_embd",
        "model.per_layer_model_projection": "per_layer_model_proj",
        "model.per_layer_projection_norm": "per_layer_proj_norm",
        "model.layers.*.per_layer_input_gate": "blk.*.inp_gate",
        "model.layers.*.per_layer_projection": "blk.*.proj",
        "model.layers.*.post_per_layer_input_norm": "blk.*.post_norm",
    ]
}
