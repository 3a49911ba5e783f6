import Formats
import Tensors

/// ModernBERT: rotations instead of positions, and windows in two of three layers.
struct ModernBert: ModelArchitecture {
    static let classes = ["ModernBertModel", "ModernBertForMaskedLM", "ModernBertForSequenceClassification"]
    static let modelTypes = ["modernbert"]

    let name = "modern-bert"
    private let model: HuggingFaceModel
    private let labels: [String]?

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        labels = try Bert.labels(model.config)
    }

    // MARK: Tensors

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        Bert.spellings(of: names, config)
    }

    private static let names = TensorNames([
        "embeddings.tok_embeddings": "token_embd", "embeddings.norm": "token_embd_norm",
        "final_norm": "output_norm", "layers.*.attn.Wqkv": "blk.*.attn_qkv",
        "layers.*.attn.Wo": "blk.*.attn_output", "layers.*.attn_norm": "blk.*.attn_norm",
        "layers.*.mlp.Wi": "blk.*.ffn_up", "layers.*.mlp.Wo": "blk.*.ffn_down",
        "layers.*.mlp_norm": "blk.*.ffn_norm", "head.dense": "cls", "head.norm": "cls.norm",
        "classifier": "cls", "classifier.out_proj": "cls.output",
    ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isClassifier = config.architecture.hasUTF8Suffix("ForSequenceClassification")
        return RequiredTensors(
            ["token_embd", "token_embd_norm", "output_norm"]
                + (isClassifier ? ["cls", "cls.norm", "cls.output+"] : [])
        ) { block in
            // The embeddings have a norm behind them already.
            (block == 0 ? [] : ["attn_norm"]) + ["attn_qkv", "attn_output", "ffn_up", "ffn_down", "ffn_norm"]
        }
    }

    static func name(of tensor: String) -> String? {
        Bert.encoderName(of: tensor.dropping(start: "model."))
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(Bert.classifierName(name, labels), value, self.name)]
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        try metadata.addEncoderParameters(config, model.files, labels, fileType: fileType)
        try metadata.addNeededCount("attention.sliding_window", config, ["local_attention"])
        try metadata.addCount("attention.sliding_window_pattern", config, ["global_attn_every_n_layers"])
        metadata.set("rope.scaling.type", .string("none"))
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        if let name = config.stringIfPresent("hidden_activation"), !name.isEmpty {
            metadata.set("hidden_activation", .string(name))
        }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        for kind in ["bos", "eos", "sep"] { metadata["tokenizer.ggml.add_\(kind)_token"] = .bool(true) }
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.setDefaults([
            "vocab_size": 50368, "hidden_size": 768, "intermediate_size": 1152, "num_hidden_layers": 22,
            "num_attention_heads": 12, "hidden_activation": "gelu", "max_position_embeddings": 8192,
            "norm_eps": .number(1e-5), "pad_token_id": 50283, "eos_token_id": 50282, "bos_token_id": 50281,
            "cls_token_id": 50281, "global_rope_theta": .number(160_000),
            "global_attn_every_n_layers": 3, "local_attention": 128, "local_rope_theta": .number(10000),
            "classifier_pooling": "cls",
        ])
        Bert.fillLabels(&config)
    }
}
