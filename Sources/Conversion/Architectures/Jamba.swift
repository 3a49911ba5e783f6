import Formats
import Tensors

/// AI21's Jamba: layers with a state, attention in some, and experts in some.
struct Jamba: ModelArchitecture {
    static let classes = ["JambaForCausalLM"]
    static let modelTypes = ["jamba"]

    let name = "jamba"
    private let model: HuggingFaceModel
    private var experts: ExpertStacks
    private var config: ModelConfig { model.config }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingExperts(
            "model.layers.*.feed_forward.experts",
            count: config.first(["num_local_experts", "num_experts"])?.wholeNumber,
            [(".gate_proj", "ffn_gate_exps"), (".up_proj", "ffn_up_exps"), (".down_proj", "ffn_down_exps")]
        ).spellings
    }

    private static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.embed_tokens": "token_embd", "model.final_layernorm": "output_norm", "lm_head": "output",
        ]
        for (name, inGGUF) in [
            "input_layernorm": "attn_norm", "pre_ff_layernorm": "ffn_norm", "self_attn.q_proj": "attn_q",
            "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
            "feed_forward.router": "ffn_gate_inp", "feed_forward.gate_proj": "ffn_gate",
            "feed_forward.up_proj": "ffn_up", "feed_forward.down_proj": "ffn_down",
            "feed_forward.experts.gate_proj": "ffn_gate_exps",
            "feed_forward.experts.up_proj": "ffn_up_exps",
            "feed_forward.experts.down_proj": "ffn_down_exps", "mamba.x_proj": "ssm_x",
            "mamba.dt_layernorm": "ssm_dt_norm", "mamba.b_layernorm": "ssm_b_norm",
            "mamba.c_layernorm": "ssm_c_norm",
        ] { names["model.layers.*.\(name)"] = "blk.*.\(inGGUF)" }
        var layers = Mamba2Layers.names("model.layers.*.mamba")
        layers["model.layers.*.mamba.norm"] = nil
        return TensorNames(names.merging(layers) { $1 })
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        @Sendable func isEach(_ block: Int, _ part: String) -> Bool {
            let period = max(1, config.first(["\(part)_layer_period"])?.wholeNumber ?? 1)
            let offset = config.first(["\(part)_layer_offset"])?.wholeNumber ?? 0
            return block >= offset && (block &- offset).isMultiple(of: period)
        }
        let state = [
            "ssm_in", "ssm_conv1d+", "ssm_x", "ssm_dt_norm", "ssm_dt+", "ssm_b_norm", "ssm_c_norm", "ssm_a.",
            "ssm_d.", "ssm_out",
        ]
        return RequiredTensors(RequiredTensors.embeddings) { block in
            ["attn_norm", "ffn_norm"] + (isEach(block, "attn") ? RequiredTensors.attention : state)
                + (isEach(block, "expert") ? RequiredTensors.experts : RequiredTensors.dense)
        }
    }

    /// As the smaller models' tensors are named, too.
    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.replacingUTF8(".moe.", with: ".feed_forward."))
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        experts = ExpertStacks(
            count: try model.config.size("num_local_experts", "num_experts"),
            parts: ["down_proj", "gate_proj", "up_proj"], path: "feed_forward.experts")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var name = name
        if let block = TensorNames.block(of: name) {
            let offset = try config.integer("expert_layer_offset")
            let period = try config.size("expert_layer_period")
            // Other layers have one expert, which is none.
            if block < offset || !(block &- offset).isMultiple(of: period) {
                name = name.replacingUTF8(".experts.0.", with: ".")
            }
        }
        var converted = try experts.converted(name, value, Self.names, self.name)
        for place in converted.indices {
            if converted[place].name.hasUTF8Suffix(".ssm_conv1d.weight") {
                converted[place].value = StateSpace.squeezed(name, converted[place].value)
            }
            converted[place].value = StateSpace.decay(name, converted[place].value)
        }
        return converted
    }

    func finish() throws(ConversionError) { try experts.finish() }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let width = try config.size("hidden_size", "mamba_d_model")
        let inner = try width * config.size("mamba_expand")
        let heads = try config.size("num_key_value_heads")
        let (period, offset) = (
            try config.size("attn_layer_period"), try config.integer("attn_layer_offset")
        )
        let blocks = min(try config.blockCount(), 1 << 16)
        guard (0...1 << 16).contains(offset) else {
            throw .wrongValue("attn_layer_offset", .integer(offset), "the place of a layer")
        }
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("context_length", config, ["max_position_embeddings", "n_ctx"])
        metadata.set("embedding_length", try ModelMetadata.count(width))
        try metadata.addNeededCount("feed_forward_length", config, ["intermediate_size"])
        try metadata.addNeededCount("attention.head_count", config, ["num_attention_heads"])
        metadata.set(
            "attention.head_count_kv",
            .int32s(
                (0..<max(blocks, offset)).map {
                    $0 >= offset && $0 < blocks && ($0 - offset).isMultiple(of: period)
                        ? Int32(clamping: heads) : 0
                }))
        for (key, size) in [
            ("conv_kernel", try config.size(["mamba_d_conv"], otherwise: 4)), ("inner_size", inner),
            ("state_size", try config.size(["mamba_d_state"], otherwise: 16)),
            ("time_step_rank", try config.size(["mamba_dt_rank"], otherwise: (width + 15) / 16)),
        ] { metadata.set("ssm.\(key)", try ModelMetadata.count(size)) }
        let epsilon = try config.numberIfPresent("layer_norm_epsilon", "rms_norm_eps") ?? 0
        metadata.set("attention.layer_norm_rms_epsilon", .float32(epsilon == 0 ? 1e-6 : Float(epsilon)))
        try metadata.addNeededCount("expert_count", config, ["num_local_experts", "num_experts"])
        try metadata.addNeededCount(
            "expert_used_count", config, ["num_experts_per_tok", "num_experts_per_token"])
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if vocabulary.hasSentencePiece { return try vocabulary.addSentencePiece(to: &metadata) }
        guard vocabulary.isByteFallbackBPE else {
            throw ConversionError(
                .tokenizerMissing, "there is no tokenizer.model, and tokenizer.json is of another kind",
                fix: "take the tokenizer of the model that was published")
        }
        try vocabulary.addByteFallbackBPE(to: &metadata)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        // What transformers refuses is taken as it stands.
        for part in ["attn", "expert"] {
            let period = config["\(part)_layer_period"]?.wholeNumber ?? (part == "attn" ? 8 : 2)
            let offset = config["\(part)_layer_offset"]?.wholeNumber ?? (part == "attn" ? 4 : 1)
            if offset >= period { return }
        }
        config.setDefaults([
            "vocab_size": 65536, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "rms_norm_eps": .number(1e-6),
            "max_position_embeddings": 262_144, "num_experts_per_tok": 2, "num_experts": 16,
            "expert_layer_period": 2, "expert_layer_offset": 1, "attn_layer_period": 8,
            "attn_layer_offset": 4, "mamba_d_state": 16, "mamba_d_conv": 4, "mamba_expand": 2,
            "mamba_dt_rank": "auto", "tie_word_embeddings": false, "pad_token_id": 0, "bos_token_id": 1,
            "eos_token_id": 2,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        if config["mamba_dt_rank"]?.isText("auto") == true, let width = config["hidden_size"]?.integer,
            width > 0
        {
            config["mamba_dt_rank"] = .integer((width - 1) / 16 + 1)
        }
    }
}
