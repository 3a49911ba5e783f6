import Formats
import Tensors

/// DistilBERT: BERT of half the layers, with names of its own.
struct DistilBert: ModelArchitecture {
    static let classes = [
        "DistilBertModel", "DistilBertForMaskedLM", "DistilBertForSequenceClassification",
    ]
    static let modelTypes = ["distilbert"]

    let name = "bert"
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
        "embeddings.word_embeddings": "token_embd", "embeddings.position_embeddings": "position_embd",
        "embeddings.LayerNorm": "token_embd_norm", "transformer.layer.*.attention.q_lin": "blk.*.attn_q",
        "transformer.layer.*.attention.k_lin": "blk.*.attn_k",
        "transformer.layer.*.attention.v_lin": "blk.*.attn_v",
        "transformer.layer.*.attention.out_lin": "blk.*.attn_output",
        "transformer.layer.*.sa_layer_norm": "blk.*.attn_output_norm",
        "transformer.layer.*.ffn.lin1": "blk.*.ffn_up", "transformer.layer.*.ffn.lin2": "blk.*.ffn_down",
        "transformer.layer.*.output_layer_norm": "blk.*.layer_output_norm", "pre_classifier": "cls",
        "classifier": "cls", "classifier.out_proj": "cls.output",
    ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .encoder.forClasses(config, hasLabels: true, isDeep: true)
    }

    static func name(of tensor: String) -> String? {
        let name = tensor.dropping(start: "distilbert.")
        // They guess words, which embeddings do not need.
        return name.hasUTF8Prefix("vocab_") ? nil : Bert.encoderName(of: name)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(Bert.classifierName(name, labels), value, self.name)]
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        metadata.set("attention.layer_norm_epsilon", .float32(1e-12))
        try metadata.addEncoderParameters(model.config, model.files, labels, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addWordPiece(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.setDefaults([
            "vocab_size": 30522, "max_position_embeddings": 512, "n_layers": 6, "n_heads": 12, "dim": 768,
            "hidden_dim": 3072, "pad_token_id": 0,
        ])
        for (alias, key) in [
            ("hidden_size", "dim"), ("num_attention_heads", "n_heads"), ("num_hidden_layers", "n_layers"),
        ] { config.rename(alias, to: key) }
        Bert.fillLabels(&config)
    }
}
