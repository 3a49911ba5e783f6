import Formats
import Tensors

/// Google's Gemma 3, of models with pictures the part for text.
struct Gemma3: ModelArchitecture {
    static let classes = ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"]
    static let modelTypes = ["gemma3_text", "gemma3"]

    let name = "gemma3"
    private let model: HuggingFaceModel
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = Gemma2.names.adding(TensorNames.headNorms)

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    // MARK: Tensors

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let value =
            name.containsUTF8("embed_tokens.weight")
            ? try Self.withoutSpareRows(name, value, model) : Gemma.shifted(name, value)
        return [try Self.names.renamed(name, value, self.name)]
    }

    /// The rows of the embeddings that belong to a token.
    static func withoutSpareRows(
        _ name: String, _ value: TensorValue, _ model: HuggingFaceModel
    ) throws(ConversionError) -> TensorValue {
        guard let rows = value.shape.first, let view = value.view else {
            throw ConversionError.wrongShape(name, value.shape, "which has no rows")
        }
        let tokens = try tokenCount(model)
        guard tokens < rows, let slice = view.sliced(axis: 0, 0..<tokens) else { return value }
        return TensorValue(slice)
    }

    private static func tokenCount(_ model: HuggingFaceModel) throws(ConversionError) -> Int {
        if let pieces = model.files["tokenizer.model"] {
            if let own = try model.config.integerIfPresent("vocab_size_per_layer_input"), own > 0 {
                return own
            }
            if try model.config.integerIfPresent("vocab_size") ?? 0 != 0 {
                return try model.config.size("vocab_size")
            }
            return try SentencePieceModel(pieces, path: "tokenizer.model").pieces.count
        }
        guard let tokenizer = try model.files.json("tokenizer.json") else {
            throw ConversionError(
                .tokenizerMissing, "there is neither tokenizer.model nor tokenizer.json",
                fix: "check that all files of the model are there")
        }
        // Tokens that are in both are counted twice, as the converter counts them.
        let vocabulary = tokenizer["model"]?["vocab"]
        return (vocabulary?.members?.count ?? vocabulary?.array?.count ?? 0)
            + (tokenizer["added_tokens"]?.array?.count ?? 0)
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try Self.addParameters(to: &metadata, model.config, fileType: fileType)
    }

    /// Adds the keys of the third generation, with which those after it begin.
    static func addParameters(
        to metadata: inout ModelMetadata, _ config: ModelConfig, fileType: UInt32
    ) throws(ConversionError) {
        guard config.first(["attn_logit_softcapping"]) == nil else {
            throw ConversionError(
                .configValueWrong, "config.json: GGUF has no \"attn_logit_softcapping\" for Gemma 3")
        }
        try metadata.addGenericParameters(config, fileType: fileType)
        // What transformers' defaults do not fill; what is there keeps its place.
        func count(_ key: String, _ name: String, _ standard: Int) throws(ConversionError) {
            metadata.set(key, try ModelMetadata.count(config[name] == nil ? standard : config.integer(name)))
        }
        try count("context_length", "max_position_embeddings", 131072)
        try count("attention.head_count", "num_attention_heads", 8)
        let epsilon = config["rms_norm_eps"] == nil ? 1e-6 : try config.number("rms_norm_eps")
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float(epsilon)))
        try count("attention.key_length", "head_dim", 256)
        try count("attention.value_length", "head_dim", 256)
        let base = RopeParameters(config).number("rope_theta") ?? 1e6
        metadata.set("rope.freq_base", .float32(Float(base)))
        if let cap = try config.numberIfPresent("final_logit_softcapping"), cap != 0 {
            metadata.set("final_logit_softcapping", .float32(Float(cap)))
        }
        // For Python `true` is 1.
        let pattern = config["sliding_window_pattern"]
        if pattern?.wholeNumber != 1, pattern?.bool != true {
            try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        }
        try count("attention.head_count_kv", "num_key_value_heads", 4)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        guard model.files["tokenizer.model"] != nil else { return try vocabulary.addBPE(to: &metadata) }
        try vocabulary.addSentencePiece(to: &metadata)
        metadata["tokenizer.ggml.add_space_prefix"] = .bool(false)
    }

    // MARK: Defaults

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard modelType == "gemma3_text" else {
            // The part for text need not say its kind, and need not be there.
            let text = config["text_config"]?.members ?? []
            var inner = ModelConfig(members: text)
            guard inner.takesLayerTypes(layers: 26), inner.takesRopeScaling(isTypeCopied: false) else {
                return
            }
            config["text_config"] = .object([JSON.Member("model_type", "gemma3_text")] + text)
            return
        }
        guard config.takesLayerTypes(layers: 26), config.takesRopeScaling(isTypeCopied: false) else { return }
        config.setDefaults([
            "vocab_size": 262208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26,
            "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256,
            "max_position_embeddings": 131072, "rms_norm_eps": .number(1e-6), "rope_theta": .number(1e6),
            "sliding_window": 4096, "rope_local_base_freq": .number(1e4),
            "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2,
        ])
        if config["use_bidirectional_attention"]?.isTruthy == true,
            let window = config["sliding_window"]?.integer
        {
            config["sliding_window"] = .integer(window / 2 + 1)
        }
    }
}
