import Formats
import Tensors

/// The part for text of Qwen 3 VL, Qwen 3 into whose first layers pictures go a second time, and of Qwen 3 ASR, which
/// listens instead.
struct Qwen3VL: ModelArchitecture {
    static let classes = ["Qwen3VLForConditionalGeneration", "Qwen3ASRForConditionalGeneration"]
    static let modelTypes = ["qwen3_vl_text", "qwen3_vl"]

    let name = "qwen3vl"
    private let model: HuggingFaceModel
    private let qwen: Qwen3

    static func spellings(_ config: ModelConfig) -> [TensorNames] { Qwen3.spellings(config) }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors { Qwen3.requiredTensors(config) }

    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.replacingUTF8("thinker.", with: ""))
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        qwen = try Qwen3(model)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try qwen.convert(name, value)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try qwen.addParameters(to: &metadata, fileType: fileType)
        if isListening {
            metadata.set("n_deepstack_layers", .uint32(0))
        } else {
            try metadata.addDeepstack(model.config)
        }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try qwen.addVocabulary(to: &metadata, vocabulary)
        guard isListening else { return }
        metadata["tokenizer.chat_template"] = .string(Self.template)
        guard try model.files.json("tokenizer_config.json") != nil else {
            throw ConversionError(
                .tokenizerMissing, "there is no tokenizer_config.json, which names the end of an answer",
                fix: "download the file, or the whole model, again")
        }
        try metadata.addEndOfAnswer(model.files)
    }

    private var isListening: Bool { model.config.architecture.hasUTF8Prefix("Qwen3ASR") }

    /// ChatML, which the files state in another form.
    private static let template =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
        + "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard modelType.hasUTF8Suffix("_text") else { return config.fillQwen3VLDefaults(modelType) }
        guard config.takesRopeScaling(isTypeCopied: false) else { return }
        config.setDefaults([
            "vocab_size": 151936, "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32, "head_dim": 128,
            "max_position_embeddings": 128_000, "rms_norm_eps": .number(1e-6), "rope_theta": .number(5e6),
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}

extension ModelConfig {
    /// What the whole of a Qwen 3 VL states: its part for text is one, and which layers for pictures are used.
    mutating func fillQwen3VLDefaults(_ modelType: String) {
        setTextKind(modelType + "_text")
        let vision = values["vision_config"]?.members ?? []
        guard !vision.contains(where: { $0.key.hasSameBytes(as: "deepstack_visual_indexes") }) else { return }
        self["vision_config"] = .object(vision + [JSON.Member("deepstack_visual_indexes", [8, 16, 24])])
    }
}

extension ModelMetadata {
    /// Adds how many layers get pictures a second time.
    mutating func addDeepstack(_ config: ModelConfig) throws(ConversionError) {
        let layers = config["vision_config"]?["deepstack_visual_indexes"]?.array ?? []
        set("n_deepstack_layers", try Self.count(layers.count))
    }

    /// Adds the end of an answer as that of a text: the ends that the files state are others.
    mutating func addEndOfAnswer(_ files: ModelDocuments) throws(ConversionError) {
        let added = try files.json("tokenizer_config.json")?["added_tokens_decoder"]?.members ?? []
        let end = added.first { $0.value["content"]?.isText("<|im_end|>") == true }
        guard let end = end.flatMap({ UInt32($0.key) }) else { return }
        self["tokenizer.ggml.bos_token_id"] = .uint32(end)
        self["tokenizer.ggml.eos_token_id"] = .uint32(end)
    }
}
