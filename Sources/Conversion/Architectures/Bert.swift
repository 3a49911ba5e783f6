import Formats
import Tensors

/// BERT for embeddings and classes, and CamemBERT: also what its relations have in common with it.
struct Bert: ModelArchitecture {
    static let classes = [
        "BertModel", "BertForMaskedLM", "CamembertModel", "BertForSequenceClassification",
    ]
    static let modelTypes = ["bert", "camembert"]

    let name = "bert"
    private let model: HuggingFaceModel
    private let labels: [String]?

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        labels = try Self.labels(model.config)
    }

    // MARK: Tensors

    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        spellings(of: names.without(["classifier.dense"]), config)
    }

    /// The names of the tensors of BERT and what is built like it.
    static let names = TensorNames([
        "embeddings.word_embeddings": "token_embd", "embeddings.token_type_embeddings": "token_types",
        "embeddings.position_embeddings": "position_embd", "embeddings.LayerNorm": "token_embd_norm",
        "encoder.layer.*.attention.self.query": "blk.*.attn_q",
        "encoder.layer.*.attention.self.key": "blk.*.attn_k",
        "encoder.layer.*.attention.self.value": "blk.*.attn_v",
        "encoder.layer.*.attention.output.dense": "blk.*.attn_output",
        "encoder.layer.*.attention.output.LayerNorm": "blk.*.attn_output_norm",
        "encoder.layer.*.intermediate.dense": "blk.*.ffn_up",
        "encoder.layer.*.output.dense": "blk.*.ffn_down",
        "encoder.layer.*.output.LayerNorm": "blk.*.layer_output_norm", "classifier": "cls",
        "classifier.dense": "cls", "classifier.out_proj": "cls.output",
    ])

    static func name(of tensor: String) -> String? { encoderName(of: tensor) }

    /// The name without what stands before all names and with the newer names of norms; `nil` for the layers that
    /// guess words, and for the one behind the first token, which embeddings do not need.
    static func encoderName(of tensor: String) -> String? {
        var name = tensor
        if name.hasUTF8Prefix("bert.") { name = String(decoding: name.utf8.dropFirst(5), as: UTF8.self) }
        for (old, new) in [(".gamma", ".weight"), (".beta", ".bias")] where name.hasUTF8Suffix(old) {
            name = String(decoding: name.utf8.dropLast(old.utf8.count), as: UTF8.self) + new
        }
        if ["embeddings.position_ids", "pooler.dense.weight", "pooler.dense.bias"].contains(name) {
            return nil
        }
        if ["cls.predictions", "cls.seq_relationship"].contains(where: { name.hasUTF8Prefix($0) }) {
            return nil
        }
        return TextTensors.name(of: name)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(Self.classifierName(name, labels), value, self.name)]
    }

    /// The one layer of BERT's own classifier has the place of the last of two where its classes have names.
    static func classifierName(_ name: String, _ labels: [String]?) -> String {
        let isClassifier = name == "classifier.weight" || name == "classifier.bias"
        guard labels != nil, isClassifier else { return name }
        return name.replacingUTF8("classifier.", with: "classifier.out_proj.")
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addEncoderParameters(model.config, model.files, labels, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addWordPiece(to: &metadata)
    }

    /// The names of an encoder's tensors, with the layer that chooses a class where classes have names.
    static func spellings(of names: TensorNames, _ config: ModelConfig) -> [TensorNames] {
        let hasLabels = (try? labels(config)) != nil
        let own = names.without(["classifier.out_proj"])
        return [hasLabels ? own.adding(["classifier": "cls.output"]) : own]
    }

    /// The names of classes, sorted by their numbers; `nil` where they are only those that transformers makes up.
    static func labels(_ config: ModelConfig) throws(ConversionError) -> [String]? {
        guard let members = config.first(["id2label"])?.members, !members.isEmpty else { return nil }
        let error = ConversionError(
            .configValueWrong, "config.json: \"id2label\" does not give names by number",
            fix: "check that it is the config.json of this model")
        var labels: [(number: Int, text: String)] = []
        for member in members {
            guard let number = Int(member.key), let text = member.value.string else { throw error }
            labels.append((number, text))
        }
        labels.sort { $0.number < $1.number }
        if labels.count == 2, labels.first.map({ $0 == (0, "LABEL_0") }) == true { return nil }
        return labels.map(\.text)
    }

    // MARK: Defaults

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        fillEncoderDefaults(&config, vocabulary: 30522, padding: modelType == "bert" ? 0 : 1)
        if modelType == "camembert" { config.setDefaults(["bos_token_id": 0, "eos_token_id": 2]) }
    }

    /// The defaults that BERT and RoBERTa have in common.
    static func fillEncoderDefaults(_ config: inout ModelConfig, vocabulary: Int, padding: Int) {
        config.setDefaults([
            "vocab_size": .integer(vocabulary), "hidden_size": 768, "num_hidden_layers": 12,
            "num_attention_heads": 12, "intermediate_size": 3072, "max_position_embeddings": 512,
            "type_vocab_size": 2, "layer_norm_eps": .number(1e-12), "pad_token_id": .integer(padding),
        ])
        fillLabels(&config)
    }

    /// As many classes as there are said to be, with names made up.
    static func fillLabels(_ config: inout ModelConfig) {
        guard config.first(["id2label"]) == nil else { return }
        let count = config["num_labels"]?.integer ?? 2
        guard (1...65536).contains(count) else { return }
        config["id2label"] = .object((0..<count).map { JSON.Member("\($0)", .string("LABEL_\($0)")) })
    }
}

extension ModelMetadata {
    /// Adds the keys that encoders of text have in common.
    mutating func addEncoderParameters(
        _ config: ModelConfig, _ files: ModelDocuments, _ labels: [String]?, fileType: UInt32
    ) throws(ConversionError) {
        try addGenericParameters(config, fileType: fileType)
        set("attention.causal", .bool(false))
        try addPooling(files, config)
        if let labels { set("classifier.output_labels", .strings(labels)) }
    }
}
