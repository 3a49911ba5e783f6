import Formats
import Tensors

/// Liquid AI's LFM2: most layers look at a few tokens before each alone (short convolutions), the others have
/// attention. Of models with pictures the part for text.
struct Lfm2: ModelArchitecture {
    static let classes = ["Lfm2ForCausalLM", "LFM2ForCausalLM"]
    static let modelTypes = ["lfm2"]

    let name = "lfm2"
    private let config: ModelConfig
    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    /// The names of the tensors of LFM2 with experts and without.
    static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.embed_tokens": "token_embd", "model.embedding_norm": "token_embd_norm",
            "lm_head": "output",
        ]
        for (name, inGGUF) in [
            "operator_norm": "attn_norm", "ffn_norm": "ffn_norm", "self_attn.q_proj": "attn_q",
            "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.out_proj": "attn_output",
            "self_attn.q_layernorm": "attn_q_norm", "self_attn.k_layernorm": "attn_k_norm",
            "conv.conv": "shortconv.conv", "conv.in_proj": "shortconv.in_proj",
            "conv.out_proj": "shortconv.out_proj", "feed_forward.w1": "ffn_gate",
            "feed_forward.w2": "ffn_down", "feed_forward.w3": "ffn_up",
        ] { names["model.layers.*.\(name)"] = "blk.*.\(inGGUF)" }
        return TensorNames(names)
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(["token_embd", "token_embd_norm"]) { block in
            operators(config, block) + RequiredTensors.dense
        }
    }

    /// What a block has before its feed-forward part, by its kind.
    static func operators(_ config: ModelConfig, _ block: Int) -> [String] {
        let types = config["layer_types"]?.array ?? []
        let isAttention = types.indices.contains(block) && types[block].isText("full_attention")
        let bias = config["conv_bias"]?.isTruthy == true ? "+" : ""
        return ["attn_norm", "ffn_norm"]
            + (isAttention
                ? RequiredTensors.attention + ["attn_q_norm", "attn_k_norm"]
                : ["shortconv.conv\(bias)", "shortconv.in_proj\(bias)", "shortconv.out_proj\(bias)"])
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) { config = model.config }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, try Self.squeezed(name, value), self.name)]
    }

    /// The weights of a convolution without the dimension of one channel that torch has.
    static func squeezed(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        guard name.containsUTF8("conv.conv") else { return value }
        // A bias is refused by the converter as well.
        guard value.shape.count == 3, value.shape[1] == 1, let view = value.view else {
            throw ConversionError.wrongShape(name, value.shape, "which is not that of one channel")
        }
        return TensorValue([view], shape: [value.shape[0], value.shape[2]])
    }

    /// The configuration with the number of heads of keys in every layer: none where there is no attention.
    static func perLayer(
        _ config: ModelConfig, isAttention: (String?) -> Bool
    ) throws(ConversionError) -> ModelConfig {
        guard let types = config["layer_types"]?.array, let heads = config["num_key_value_heads"] else {
            throw ModelConfig.missing(["layer_types", "num_key_value_heads"])
        }
        var config = config
        config["num_key_value_heads"] = .array(types.map { isAttention($0.string) ? heads : 0 })
        return config
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = try Self.perLayer(config) { $0 != "conv" }
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addNeededCount("shortconv.l_cache", config, ["conv_L_cache"])
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float(try config.number("norm_eps"))))
        metadata.set("feed_forward_length", try ModelMetadata.count(innerLength()))
    }

    /// The width of the feed-forward part, which the class computes of what is stated.
    private func innerLength() throws(ConversionError) -> Int {
        let stated = try config.size("block_ff_dim", "intermediate_size")
        let step = try config.size("block_multiple_of")
        guard let isAdjusted = config.boolIfPresent("block_auto_adjust_ff_dim") else {
            throw ModelConfig.missing(["block_auto_adjust_ff_dim"])
        }
        guard isAdjusted else { return stated }
        var length = 2 * stated / 3
        if let factor = try config.numberIfPresent("block_ffn_dim_multiplier") {
            guard let whole = Int(exactly: (factor * Double(length)).rounded(.towardZero)), whole >= 0,
                whole <= Int(Int32.max)
            else {
                throw ConversionError(
                    .configValueWrong, "config.json: \"block_ffn_dim_multiplier\" is \(factor)",
                    fix: "check that it is the config.json of this model")
            }
            length = whole
        }
        return step * ((length + step - 1) / step)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        if let base = config["theta"] { config["rope_theta"] = base }
        if let width = config["block_ff_dim"] { config["intermediate_size"] = width }
        config.setDefaults([
            "vocab_size": 65536, "hidden_size": 2560, "intermediate_size": 12288, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 128_000,
            "norm_eps": .number(1e-5), "rope_theta": .number(1e6), "conv_L_cache": 3, "conv_bias": false,
            "block_multiple_of": 256, "block_ffn_dim_multiplier": 1, "block_auto_adjust_ff_dim": true,
            "bos_token_id": 1, "pad_token_id": 0, "eos_token_id": 2,
        ])
        guard config.first(["layer_types"]) == nil,
            let count = config["num_hidden_layers"]?.integer, (0...(1 << 16)).contains(count)
        else { return }
        let full = config.first(["full_attn_idxs"])?.array?.compactMap(\.integer) ?? Array(0..<count)
        config["layer_types"] = .array((0..<count).map { full.contains($0) ? "full_attention" : "conv" })
    }
}
