import Formats
import Tensors

/// Preferred Networks' PLaMo 2: layers with a state and attention in turn.
struct Plamo2: PlainFamily {
    static let classes = ["Plamo2ForCausalLM", "PLaMo2ForCausalLM"]
    static let names: TensorNames = {
        let names = Plamo3.sharedNames([
            ("mixer.q", "attn_q_norm"), ("mixer.k", "attn_k_norm"), ("mixer.bcdt_proj", "ssm_x"),
            ("mixer.dt_norm.weight", "ssm_dt_norm"), ("mixer.B_norm.weight", "ssm_b_norm"),
            ("mixer.C_norm.weight", "ssm_c_norm"),
        ])
        var layers = Mamba2Layers.names("model.layers.layers.*.mixer")
        layers["model.layers.layers.*.mixer.norm"] = nil
        return TensorNames(names.merging(layers) { $1 })
    }()

    let name = "plamo2"
    var parts: PlainParts

    /// Whether a layer has a state in the place of attention.
    private static func hasState(_ config: ModelConfig, _ block: Int, of count: Int) -> Bool {
        guard config["mamba_enabled"]?.isTruthy ?? true else { return false }
        let step = config["mamba_step"]?.wholeNumber ?? 2
        guard step > 0 else { return false }
        return count <= step / 2 ? block != count - 1 : block % step != step / 2
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let count = (try? config.blockCount()) ?? 0
        let state = [
            "ssm_in", "ssm_conv1d", "ssm_x", "ssm_dt+", "ssm_a.", "ssm_d.", "ssm_out", "ssm_dt_norm.",
            "ssm_b_norm.", "ssm_c_norm.",
        ]
        return RequiredTensors(RequiredTensors.embeddings) { block in
            ["attn_norm", "post_attention_norm.", "ffn_norm", "ffn_up", "ffn_down", "post_ffw_norm."]
                + (hasState(config, block, of: count)
                    ? state : ["attn_qkv", "attn_q_norm", "attn_k_norm", "attn_output"])
        }
    }

    /// With the ends that other families have.
    static func name(of tensor: String) -> String? {
        guard let name = TextTensors.name(of: StateSpace.name(of: tensor)) else { return nil }
        for (old, new) in [
            (".dt_norm_weight", ".dt_norm.weight"), (".B_norm_weight", ".B_norm.weight"),
            (".C_norm_weight", ".C_norm.weight"), (".k_weight", ".k.weight"), (".q_weight", ".q.weight"),
        ] {
            if let start = name.dropping(old) { return start + new }
        }
        return name
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasUTF8Suffix(".conv1d.weight") {
            let value = StateSpace.squeezed(name, value)
            guard value.shape.count == 2 else {
                throw .wrongShape(name, value.shape, "which is not that of one channel")
            }
            return try converted(name, value)
        }
        let isOwn = ["dt_norm", "B_norm", "C_norm"].contains { name.hasUTF8Suffix(".\($0).weight") }
        return try converted(
            name, isOwn ? value : Plamo3.counted(name, StateSpace.decay(name, value), parts.model))
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        func size(_ key: String, _ usual: Int) throws(ConversionError) -> Int {
            config[key] == nil ? usual : try config.size(key)
        }
        let blocks = try config.blockCount()
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        let (heads, keys) = (try size("num_attention_heads", 32), try size("num_key_value_heads", 4))
        if config["mamba_enabled"]?.isTruthy ?? true {
            if config["mamba_step"] != nil { _ = try config.size("mamba_step") }
            for (key, count) in [("attention.head_count_kv", keys), ("attention.head_count", heads)] {
                metadata.set(
                    key,
                    .int32s(
                        (0..<min(blocks, 1 << 16)).map {
                            Self.hasState(config, $0, of: blocks) ? 0 : Int32(clamping: count)
                        }))
            }
        }
        let length = try size("hidden_size_per_head", 128)
        let states = try size("mamba_num_heads", 64)
        for (key, count) in [
            ("context_length", try size("max_position_embeddings", 2048)),
            ("embedding_length", try size("hidden_size", 4096)), ("attention.key_length", length),
            ("attention.value_length", length), ("block_count", blocks),
        ] { metadata.set(key, try ModelMetadata.count(count)) }
        let epsilon = config["rms_norm_eps"] == nil ? 1e-6 : try config.number("rms_norm_eps")
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float(epsilon)))
        let base = RopeParameters(config)["rope_theta"]
        guard let base = base == nil ? 10000 : base?.double else { throw ModelConfig.missing(["rope_theta"]) }
        metadata.set("rope.freq_base", .float32(Float(base)))
        for (key, count) in [
            ("ssm.state_size", try size("mamba_d_state", 64)),
            ("ssm.conv_kernel", try size("mamba_d_conv", 4)), ("ssm.time_step_rank", states),
            ("ssm.inner_size", states * length), ("ssm.group_count", 0),
            ("feed_forward_length", try size("intermediate_size", 13312)),
        ] { metadata.set(key, try ModelMetadata.count(count)) }
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addPlamo(to: &metadata)
    }
}
