import Formats
import Tensors

/// Google's Gemma 3n: four streams of which one is computed (AltUp), and an input of its own for each layer. Of models
/// with pictures and sound the part for text.
struct Gemma3n: ModelArchitecture {
    static let classes = ["Gemma3nForCausalLM", "Gemma3nForConditionalGeneration"]
    static let modelTypes = ["gemma3n", "gemma3n_text"]

    let name = "gemma3n"
    private let model: HuggingFaceModel
    private var projections: [ExactName: [Int: TensorValue]] = [:]

    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let streams = 3
    private static let names = Gemma2.names.adding(TensorNames.headNorms).adding(TensorNames.perLayerInputs)
        .adding([
            "model.layers.*.altup.correction_coefs": "blk.*.altup_correct_coef",
            "model.layers.*.altup.correct_output_scale": "blk.*.altup_correct_scale",
            "model.layers.*.altup.prediction_coefs": "blk.*.altup_predict_coef",
            "model.layers.*.altup.modality_router": "blk.*.altup_router",
            "model.layers.*.altup.router_norm": "blk.*.altup_router_norm",
            "model.layers.*.laurel.linear_left": "blk.*.laurel_l",
            "model.layers.*.laurel.linear_right": "blk.*.laurel_r",
            "model.layers.*.laurel.post_laurel_norm": "blk.*.laurel_post_norm",
        ]).storing([
            "altup_proj.weight": (0..<streams).map { "model.altup_projections.\($0).weight" },
            "altup_unembd_proj.weight": (0..<streams).map { "model.altup_unembed_projections.\($0).weight" },
        ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings + [
                "per_layer_token_embd", "per_layer_model_proj", "per_layer_proj_norm", "altup_proj",
                "altup_unembd_proj",
            ],
            block: RequiredTensors.llama + RequiredTensors.dense + RequiredTensors.headNorms + [
                "post_attention_norm", "post_ffw_norm", "inp_gate", "proj", "post_norm",
                "altup_correct_coef", "altup_correct_scale", "altup_predict_coef", "altup_router",
                "altup_router_norm", "laurel_l", "laurel_r", "laurel_post_norm",
            ])
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        guard try model.config.integer("altup_num_inputs") == Self.streams + 1 else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"altup_num_inputs\" is not 4, and GGUF has no other number of streams")
        }
    }

    // MARK: Tensors

    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.hasUTF8Suffix("_scale") ? tensor + ".weight" : tensor)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        for (part, inGGUF) in [
            ("altup_unembed_projections", "altup_unembd_proj"), ("altup_projections", "altup_proj"),
        ] where name.containsUTF8(part) {
            guard let number = TensorNames.block(of: name), number < Self.streams else {
                throw .unknownTensor(name, self.name)
            }
            projections[ExactName(part), default: [:]][number] = value
            let all = (0..<Self.streams).compactMap { projections[ExactName(part)]?[$0] }
            guard all.count == Self.streams else { return [] }
            guard let stack = TensorValue.stacked(all) else {
                throw .wrongShape(name, value.shape, "and others of \(part) have other shapes")
            }
            return [ConvertedTensor("\(inGGUF).weight", stack)]
        }
        let isTable = ["embed_tokens.weight", "embed_tokens_per_layer"].contains { name.containsUTF8($0) }
        return [try Self.names.renamed(name, isTable ? try padded(name, value) : value, self.name)]
    }

    /// A table with a row for every token: those of pictures and sound have none, and get zeros.
    private func padded(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        guard value.shape.count == 2, let view = value.view else {
            throw .wrongShape(name, value.shape, "which is no table")
        }
        let missing = try model.config.size("vocab_size") &- value.shape[0]
        guard missing > 0 else { return value }
        let zeros = TensorView(zerosOf: view.tensor, shape: [missing, value.shape[1]])
        return TensorValue([view, zeros], shape: [value.shape[0] &+ missing, value.shape[1]])
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        try Gemma3.addParameters(to: &metadata, config, fileType: fileType)
        try metadata.addNeededCount("altup.active_idx", config, ["altup_active_idx"])
        try metadata.addNeededCount("altup.num_inputs", config, ["altup_num_inputs"])
        try metadata.addNeededCount(
            "embedding_length_per_layer_input", config, ["hidden_size_per_layer_input"])
        try metadata.addNeededCount("attention.shared_kv_layers", config, ["num_kv_shared_layers"])
        metadata.set("activation_sparsity_scale", .float32s(try sparsity()))
        try metadata.addWindows(config)
    }

    /// How many standard deviations above the mean an activation has to be, of each layer.
    private func sparsity() throws(ConversionError) -> [Float] {
        guard let shares = model.config["activation_sparsity_pattern"]?.array else {
            throw ModelConfig.missing(["activation_sparsity_pattern"])
        }
        var scales: [Float] = []
        for share in shares {
            guard let scale = share.double.flatMap(NormalDistribution.deviations) else {
                throw ConversionError(
                    .configValueWrong,
                    "config.json: \"activation_sparsity_pattern\" has \(share.compactText.prefix(20)), of which "
                        + "no number of deviations is known; it is of 0, 0.5, 0.9, 0.95, 0.98 and 0.99",
                    fix: "check that it is the config.json of this model")
            }
            scales.append(scale)
        }
        return scales
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        guard vocabulary.hasSentencePiece else { return try vocabulary.addBPE(to: &metadata) }
        try vocabulary.addSentencePiece(to: &metadata, countsPerLayer: false)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    }

    // MARK: Defaults

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard modelType == "gemma3n_text" else { return config.setTextKind("gemma3n_text") }
        let layers = config.first(["num_hidden_layers"])?.integer ?? 35
        guard (1...(1 << 16)).contains(layers), config.takesLayerTypes(layers: 35),
            config.takesRopeScaling(isTypeCopied: false)
        else { return }
        if let lengths = config.first(["intermediate_size"])?.array, lengths.count != layers { return }
        if let shares = config.first(["activation_sparsity_pattern"]), shares.array?.count != layers {
            return
        }
        if config.first(["layer_types"]) == nil {
            config["layer_types"] = .array(
                (0..<layers).map { ($0 + 1) % 5 == 0 ? "full_attention" : "sliding_attention" })
        }
        config.setDefaults([
            "vocab_size": 262_400, "vocab_size_per_layer_input": 262_144, "hidden_size": 2048,
            "hidden_size_per_layer_input": 256, "intermediate_size": 16384, "num_hidden_layers": 35,
            "num_attention_heads": 8, "num_key_value_heads": 2, "head_dim": 256,
            "max_position_embeddings": 32768, "rms_norm_eps": .number(1e-6), "pad_token_id": 0,
            "eos_token_id": 1, "bos_token_id": 2, "rope_theta": .number(1e6),
            "rope_local_base_freq": 10000, "sliding_window": 512, "final_logit_softcapping": 30,
            "altup_active_idx": 0, "altup_num_inputs": 4, "num_kv_shared_layers": 15,
        ])
        if let length = config["intermediate_size"], length.array == nil {
            config["intermediate_size"] = .array([JSON](repeating: length, count: layers))
        }
        if config.first(["activation_sparsity_pattern"]) == nil {
            let sparse = layers > 10 ? 10 : 0
            config["activation_sparsity_pattern"] = .array(
                (0..<layers).map { .number($0 < sparse ? 0.95 : 0) })
        }
    }
}

/// The normal distribution of mean 0 and deviation 1.
enum NormalDistribution {
    /// Below how many deviations a share of all numbers is, in 32 bits as torch computes it
    /// (`torch.distributions.Normal.icdf`); `nil` for a share that no model has.
    static func deviations(_ share: Double) -> Float? {
        switch Float(share) {
        case 0: -Float.infinity
        case 0.5: 0
        case 0.9: Float(bitPattern: 0x3FA4_09E1)
        case 0.95: Float(bitPattern: 0x3FD2_8A90)
        case 0.98: Float(bitPattern: 0x4003_70A1)
        case 0.99: Float(bitPattern: 0x4014_E2E4)
        default: nil
        }
    }
}
