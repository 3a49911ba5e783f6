import Formats
import Tensors

/// Falcon H1: every layer has attention and Mamba 2 beside each other. Factors that the class computes with are in the
/// weights.
struct FalconH1: ModelArchitecture {
    static let classes = ["FalconH1ForCausalLM"]
    /// The converter takes the configuration as it stands.
    static let modelTypes: [String] = []

    let name = "falcon-h1"
    private let config: ModelConfig
    private let layers: Mamba2Layers
    private let width: Int

    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names: TensorNames = {
        var names = Mamba2Layers.names("model.layers.*.mamba")
        for (name, inGGUF) in [
            ("input_layernorm", "attn_norm"), ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"),
            ("self_attn.v_proj", "attn_v"), ("self_attn.o_proj", "attn_output"),
            // It has no end in GGUF.
            ("pre_ff_layernorm.weight", "ffn_norm"), ("feed_forward.gate_proj", "ffn_gate"),
            ("feed_forward.up_proj", "ffn_up"), ("feed_forward.down_proj", "ffn_down"),
        ] { names[ExactName("model.layers.*.\(name)")] = "blk.*.\(inGGUF)" }
        return TensorNames(names).adding([
            "model.embed_tokens": "token_embd", "model.final_layernorm": "output_norm", "lm_head": "output",
        ])
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let hasNorm = config["mamba_rms_norm"]?.isTruthy == true
        let layers = Mamba2Layers.required(hasBias: config["mamba_conv_bias"]?.isTruthy ?? true)
        return RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "ffn_norm."] + RequiredTensors.attention + RequiredTensors.dense
                + layers.filter { hasNorm || $0 != "ssm_norm" })
    }

    static func name(of tensor: String) -> String? { TextTensors.name(of: StateSpace.name(of: tensor)) }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        width = try config.size("hidden_size", "d_model", "dim")
        layers = try Mamba2Layers(
            groups: try config.mambaSize("n_groups"), inner: try config.size("mamba_d_ssm"))
        guard layers.inner.isMultiple(of: try config.mambaSize("d_head")) else {
            throw ModelConfig.missing(["mamba_d_head"])
        }
    }

    // MARK: Tensors

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var tensor = try layers.shaped(try Self.names.renamed(name, value, self.name), name)
        func has(_ part: String) -> Bool { name.containsUTF8(part) }
        var factors: [Double] = []
        if has("down_proj") {
            factors = [try list("mlp_multipliers", 2)[1]]
        } else if has("gate_proj") {
            factors = [try list("mlp_multipliers", 2)[0]]
        } else if has("k_proj") {
            factors = [try config.number("key_multiplier"), try config.number("attention_in_multiplier")]
        } else if has("q_proj") || has("v_proj") {
            factors = [try config.number("attention_in_multiplier")]
        } else if has("o_proj") {
            factors = [try config.number("attention_out_multiplier")]
        } else if has("out_proj") {
            factors = [try config.number("ssm_out_multiplier")]
        } else if has("in_proj") {
            tensor.value = try inputs(name, tensor.value)
        } else if has("lm_head") {
            factors = [try config.number("lm_head_multiplier")]
        } else if has("embed_tokens") {
            factors = [try config.number("embedding_multiplier")]
        }
        tensor.value.operations += factors.map { .multiply(Float($0)) }
        return [tensor]
    }

    private func list(_ key: String, _ count: Int) throws(ConversionError) -> [Double] {
        let numbers = (config[key]?.array ?? []).compactMap(\.double)
        guard numbers.count >= count else { throw ModelConfig.missing([key]) }
        return numbers
    }

    /// What makes gates, inputs, the state's inputs and outputs and the steps, each of which has a factor of its own.
    private func inputs(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        let all = try config.number("ssm_in_multiplier")
        let factors = try list("ssm_multipliers", 5)
        let state = try config.size("mamba_n_groups") * config.size("mamba_d_state")
        guard value.shape.count == 2, let view = value.view else {
            throw ConversionError.wrongShape(name, value.shape, "which is no matrix")
        }
        let lengths = [layers.inner, layers.inner, state, state]
        var (start, views) = (0, [TensorView]())
        for length in lengths + [max(0, value.shape[0] - lengths.reduce(0, &+))] {
            guard start + length <= value.shape[0],
                let part = view.sliced(axis: 0, start..<start + length)
            else { throw ConversionError.wrongShape(name, value.shape, "which has too few rows") }
            views.append(part)
            start += length
        }
        var result = TensorValue(views, shape: value.shape)
        result.operations = [.multiply(Float(all))]
        result.partOperations = factors.prefix(5).map { [.multiply(Float($0))] }
        return result
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let headLength = try config.size(
            ModelConfig.mamba("mamba_d_head", "head_dim"), otherwise: 64)
        for (key, count) in [
            ("context_length", try config.integerIfPresent("max_position_embeddings") ?? 0),
            ("embedding_length", width), ("feed_forward_length", try config.size("intermediate_size")),
            ("attention.head_count", try config.size("num_attention_heads")),
            ("block_count", try config.blockCount()),
            ("ssm.conv_kernel", try config.size(ModelConfig.mamba("conv_kernel", "d_conv"), otherwise: 4)),
            ("ssm.inner_size", layers.inner),
            (
                "ssm.state_size",
                try config.size(ModelConfig.mamba("state_size", "d_state"), otherwise: 128)
            ), ("ssm.time_step_rank", layers.inner / headLength), ("ssm.group_count", layers.groups),
        ] { metadata.set(key, try ModelMetadata.count(count)) }
        let epsilon = config.first(["layer_norm_epsilon", "rms_norm_eps"])?.double ?? 0
        metadata.set(
            "attention.layer_norm_rms_epsilon", .float32(epsilon == 0 ? 1e-5 : Float(epsilon)))
        metadata["general.file_type"] = .uint32(fileType)
        for (key, name) in [
            ("vocab_size", "vocab_size"), ("attention.head_count_kv", "num_key_value_heads"),
            ("attention.key_length", "head_dim"), ("attention.value_length", "head_dim"),
        ] { metadata.set(key, try ModelMetadata.count(config.size(name))) }
        guard let base = RopeParameters(config).number("rope_theta") else {
            throw ModelConfig.missing(["rope_theta"])
        }
        metadata.set("rope.freq_base", .float32(Float(base)))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
