import Formats
import Glibc
import Tensors

/// Microsoft's Phi 3, 3.5 and 4 (not those with experts).
struct Phi3: ModelArchitecture {
    static let classes = ["Phi3ForCausalLM", "Phi4ForCausalLMV"]
    static let modelTypes = ["phi3"]

    let name = "phi3"
    private let model: HuggingFaceModel
    private let rope: LongRope
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames.llama.without(TensorNames.denseLayers).adding([
        "model.layers.*.self_attn.qkv_proj": "blk.*.attn_qkv",
        "model.layers.*.mlp.gate_up_proj": "blk.*.ffn_up",
        "model.layers.*.mlp.down_proj": "blk.*.ffn_down",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        rope = try LongRope(model.config)
    }

    // MARK: Tensors

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        guard let factors = rope.factors else { return [] }
        return [("long", factors.long), ("short", factors.short)].map { name, numbers in
            ConvertedTensor(
                "rope_factors_\(name).weight", TensorValue(numbers: numbers, shape: [numbers.count]))
        }
    }

    // MARK: Metadata

    func addFirstParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        guard let factors = rope.factors else { return }
        metadata.set("rope.scaling.attn_factor", .float32(factors.attention))
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        try metadata.addNeededCount("context_length", config, ["n_positions", "max_position_embeddings"])
        metadata.set("rope.scaling.original_context_length", try ModelMetadata.count(rope.context))
        try metadata.addNeededCount("embedding_length", config, ["hidden_size", "n_embd"])
        try metadata.addNeededCount("feed_forward_length", config, ["intermediate_size"])
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("attention.head_count", config, ["num_attention_heads", "n_head"])
        try metadata.addNeededCount("attention.head_count_kv", config, ["num_key_value_heads", "n_head_kv"])
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float(try config.number("rms_norm_eps"))))
        metadata.set("rope.dimension_count", try ModelMetadata.count(rope.length))
        guard let base = RopeParameters(config).number("rope_theta") else {
            throw ModelConfig.missing(["rope_theta"])
        }
        metadata.set("rope.freq_base", .float32(Float(base)))
        metadata["general.file_type"] = .uint32(fileType)
        // No window is said by 0, which distinguishes Phi 4 from others.
        let window = try config.integerIfPresent("sliding_window") ?? 0
        metadata.set("attention.sliding_window", try ModelMetadata.count(window))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if try model.files.json("tokenizer_config.json")?["tokenizer_class"]?.string == "GPT2Tokenizer" {
            try vocabulary.addBPE(to: &metadata)
        } else {
            try vocabulary.addPhi3SentencePiece(to: &metadata)
        }
    }

    // MARK: Defaults

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        let raw = config
        config.setDefaults([
            "vocab_size": 32064, "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 4096,
            "original_max_position_embeddings": 4096, "rms_norm_eps": .number(1e-5), "rope_theta": 10000,
            "partial_rotary_factor": 1, "bos_token_id": 1, "eos_token_id": 32000, "pad_token_id": 32000,
            "sliding_window": .null,
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        guard let scaling = config["rope_scaling"], scaling != .null else { return }
        // Older names of one kind; what transformers refuses is taken as it stands.
        if LongRope.isTaken(scaling, config) {
            config["rope_scaling"] = .object(
                (scaling.members ?? []).map { $0.key == "type" ? JSON.Member("type", "longrope") : $0 })
        } else {
            config = raw
        }
    }
}

/// How Phi 3 stretches its rotations over long texts.
struct LongRope: Sendable {
    /// The factors of each pair of elements for long and short texts, and that of attention.
    let factors: (long: [Float], short: [Float], attention: Float)?
    /// The length of texts that the model was made for at first, in tokens.
    let context: Int
    /// The number of elements of a head that are rotated.
    let length: Int

    /// Reads the configuration; `factors` is `nil` where it has no `long_factor`.
    /// - Throws: ``ConversionError`` where the rotated part, the first context or the kind of scaling is
    ///   missing, and where a list has another number of factors than half of the rotated elements.
    init(_ config: ModelConfig) throws(ConversionError) {
        let rope = RopeParameters(config)
        let heads = try config.size("num_attention_heads", "n_head")
        let share = rope.number("partial_rotary_factor") ?? 1
        let rotated = try ModelMetadata.share(share, of: config.size("hidden_size", "n_embd"), heads: heads)
        guard case .uint32(let length) = rotated, let original = rope["original_max_position_embeddings"]
        else {
            throw ModelConfig.missing(["original_max_position_embeddings"])
        }
        guard let context = original.wholeNumber, context > 1, context <= Int(Int32.max) else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"original_max_position_embeddings\" is not a whole number above 1",
                fix: "check that it is the config.json of this model")
        }
        self.context = context
        self.length = Int(length)
        guard let long = rope["long_factor"]?.array, !long.isEmpty else {
            factors = nil
            return
        }
        guard let long = Self.floats(long), let short = Self.floats(rope["short_factor"]?.array ?? []),
            long.count == short.count, 2 * long.count == self.length
        else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"long_factor\" and \"short_factor\" are not \(self.length / 2) numbers each",
                fix: "check that it is the config.json of this model")
        }
        let scale = Double(try config.size("n_positions", "max_position_embeddings")) / Double(context)
        let attention: Double
        switch rope.type?.lowercased() {
        case "su", "longrope":
            attention = scale > 1 ? (1 + log(scale) / log(Double(context))).squareRoot() : 1
        case "yarn": attention = scale > 1 ? 0.1 * log(scale) + 1 : 1
        case nil: throw ModelConfig.missing(["rope_scaling.type"])
        case let type?:
            throw ConversionError(
                .configValueWrong,
                "config.json: GGUF has no \"rope_scaling\" of the kind \(type) for Phi 3")
        }
        factors = (long, short, Float(attention))
    }

    private static func floats(_ values: [JSON]) -> [Float]? {
        var result: [Float] = []
        for value in values {
            guard let number = value.double else { return nil }
            result.append(Float(number))
        }
        return result
    }

    /// Whether transformers takes a `rope_scaling`: of three members, with factors of the right number.
    static func isTaken(_ scaling: JSON, _ config: ModelConfig) -> Bool {
        guard let members = scaling.members, members.count == 3,
            ["su", "yarn", "longrope"].contains(scaling["type"]?.string),
            let width = config["hidden_size"]?.integer, let heads = config["num_attention_heads"]?.integer,
            heads > 0, let share = config["partial_rotary_factor"]?.double,
            let length = Int(exactly: (Double(width / heads) * share).rounded(.towardZero))
        else { return false }
        return ["short_factor", "long_factor"].allSatisfy { key in
            scaling[key]?.array.flatMap(floats)?.count == length / 2
        }
    }
}
