import Formats
import Tensors

/// NeoBERT.
struct NeoBert: ModelArchitecture {
    static let classes = ["NeoBERT", "NeoBERTLMHead", "NeoBERTForSequenceClassification"]
    static let modelTypes: [String] = []

    let name = "neo-bert"
    private let model: HuggingFaceModel
    private let labels: [String]?

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        Bert.spellings(of: names, config)
    }

    private static let names = TensorNames([
        "encoder": "token_embd", "layer_norm": "enc.output_norm",
        "transformer_encoder.*.qkv": "blk.*.attn_qkv", "transformer_encoder.*.wo": "blk.*.attn_output",
        "transformer_encoder.*.attention_norm": "blk.*.attn_norm",
        "transformer_encoder.*.ffn_norm": "blk.*.ffn_norm",
        "transformer_encoder.*.ffn.w12": "blk.*.ffn_up", "transformer_encoder.*.ffn.w3": "blk.*.ffn_down",
        "dense": "cls", "classifier": "cls", "classifier.out_proj": "cls.output",
    ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "enc.output_norm"],
            block: ["attn_norm", "attn_qkv", "attn_output", "ffn_norm", "ffn_up", "ffn_down"])
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        labels = try Bert.labels(model.config)
    }

    static func name(of tensor: String) -> String? {
        if tensor.hasUTF8Prefix("decoder.") { return nil }
        return Bert.encoderName(of: tensor.dropping(start: "model."))
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(Bert.classifierName(name, labels), value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        try metadata.addEncoderParameters(config, model.files, labels, fileType: fileType)
        // Two of three parts of what is stated; the other is of the gates.
        let stated = try config.size("intermediate_size")
        metadata.set("feed_forward_length", try ModelMetadata.count(2 * stated / 3))
        metadata.set("rope.freq_base", .float32(10000))
        metadata.set("rope.scaling.type", .string("none"))
        let epsilon = config["norm_eps"] == nil ? 1e-6 : try config.number("norm_eps")
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float(epsilon)))
        metadata.set("pooling_type", .uint32(2))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addWordPiece(to: &metadata)
    }
}
