import Formats

/// Nomic's embedding models, of which the second has experts.
struct NomicBert: ModelArchitecture {
    static let classes = ["NomicBertModel"]
    static let modelTypes: [String] = []

    private let files: ModelDocuments
    private var config: ModelConfig
    private let labels: [String]?
    private let hasExperts: Bool
    private let isUnigram: Bool
    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let layers = Bert.names.names.keys.map(\.text).filter { $0.hasUTF8Prefix("encoder.layer.") }
        let others = layers + ["embeddings.LayerNorm"]
        let start = "encoder.layers.*.mlp."
        guard (config.first(["moe_every_n_layers"])?.wholeNumber ?? 0) > 0 else {
            return [plainNames.without(others + [start + "fc1"])]
        }
        return [
            expertNames.without(others + [start + "fc11"]).storing([
                "blk.*.ffn_up_exps.weight": [start + "experts.mlp.w1"],
                "blk.*.ffn_down_exps.weight": [start + "experts.mlp.w2"],
            ])
        ]
    }

    private static let names = Bert.names.adding([
        "emb_ln": "token_embd_norm", "encoder.layers.*.attn.Wqkv": "blk.*.attn_qkv",
        "encoder.layers.*.attn.out_proj": "blk.*.attn_output",
        "encoder.layers.*.norm1": "blk.*.attn_output_norm",
        "encoder.layers.*.norm2": "blk.*.layer_output_norm", "encoder.layers.*.mlp.fc1": "blk.*.ffn_up",
        "encoder.layers.*.mlp.fc11": "blk.*.ffn_up", "encoder.layers.*.mlp.fc2": "blk.*.ffn_down",
    ])
    private static let plainNames = names.adding(["encoder.layers.*.mlp.fc12": "blk.*.ffn_gate"])
    private static let expertNames = names.adding([
        "encoder.layers.*.mlp.router.layer": "blk.*.ffn_gate_inp",
        "encoder.layers.*.mlp.experts.mlp.w1": "blk.*.ffn_up_exps",
        "encoder.layers.*.mlp.experts.mlp.w2": "blk.*.ffn_down_exps",
    ])

    var name: String { hasExperts ? "nomic-bert-moe" : "nomic-bert" }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        files = model.files
        config = model.config
        labels = try Bert.labels(config)
        hasExperts = (try config.integerIfPresent("moe_every_n_layers") ?? 0) != 0
        isUnigram = try files.json("tokenizer.json")?["model"]?["type"]?.string == "Unigram"
        if config["n_positions"] == nil, config["hidden_size"] != nil {
            throw ConversionError(
                .configValueWrong,
                "config.json is that of transformers 5 for NomicBert, whose keys and tensors the converter does "
                    + "not know",
                fix:
                    "take the repository's own files, whose config.json has n_positions and activation_function"
            )
        }
        if isUnigram { _ = try Roberta.takePositions(&config) }
        try checkConfiguration()
        // What it was trained with, where longer texts are only promised.
        let trained = config["max_trained_positions"] == nil ? 2048 : try config.size("max_trained_positions")
        switch (try config.size("n_positions"), trained) {
        case (8192, 2048): config["n_positions"] = 2048
        case (2048, 2048): config["n_positions"] = 512
        default:
            throw Self.wrong("\"n_positions\" and \"max_trained_positions\" are those of no known model")
        }
    }

    /// What llama.cpp computes for this architecture and nothing else.
    private func checkConfiguration() throws(ConversionError) {
        let activation = hasExperts ? "gelu" : "swiglu"
        guard config.stringIfPresent("activation_function") == activation else {
            throw Self.wrong("\"activation_function\" is not \"\(activation)\"")
        }
        for (key, wanted) in [
            ("causal", false), ("qkv_proj_bias", hasExperts), ("mlp_fc1_bias", hasExperts),
            ("mlp_fc2_bias", hasExperts), ("prenorm", false), ("rotary_emb_interleaved", false),
        ] where config.boolIfPresent(key) != wanted {
            throw Self.wrong("\"\(key)\" is not \(wanted)")
        }
        guard try config.number("rotary_emb_fraction") == 1 else {
            throw Self.wrong("\"rotary_emb_fraction\" is not 1")
        }
        guard config["rotary_emb_scale_base"] == .null else {
            throw Self.wrong("\"rotary_emb_scale_base\" is not null")
        }
    }

    private static func wrong(_ what: String) -> ConversionError {
        ConversionError(
            .configValueWrong, "config.json: \(what)",
            notes: ["llama.cpp supports models of the architecture nomic-bert in no other way"],
            fix: "check that it is the config.json of this model")
    }

    // MARK: Tensors

    static func name(of tensor: String) -> String? {
        tensor.containsUTF8("mlp.experts.bias") ? nil : Bert.encoderName(of: tensor)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let name = Bert.classifierName(name, labels)
        guard hasExperts else { return [try Self.plainNames.renamed(name, value, self.name)] }
        for (part, isTransposed) in [("mlp.experts.mlp.w1", false), ("mlp.experts.mlp.w2", true)]
        where name.hasUTF8Suffix(part) {
            let experts = try config.size("num_local_experts", "num_experts")
            let inner = try config.size("n_inner")
            guard let view = value.view, view.shape.count == 2, view.shape[1] == (try config.size("n_embd")),
                let stack = view.split(axis: 0, into: [experts, inner])
            else {
                throw ConversionError.wrongShape(
                    name, value.shape, "which is not divisible into \(experts) experts of \(inner) rows")
            }
            return [
                try Self.expertNames.renamed(
                    name + ".weight", TensorValue(isTransposed ? stack.swapped(1, 2) : stack), self.name)
            ]
        }
        return [try Self.expertNames.renamed(name, value, self.name)]
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addEncoderParameters(config, files, labels, fileType: fileType)
        guard hasExperts else { return }
        try metadata.addNeededCount("moe_every_n_layers", config, ["moe_every_n_layers"])
        try metadata.addNeededCount("expert_used_count", config, ["moe_top_k"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        guard isUnigram else { return try vocabulary.addWordPiece(to: &metadata) }
        // The model with experts has a mask that the tokenizer's own file lacks.
        try vocabulary.addUnigram(to: &metadata, masksAt: hasExperts ? 250001 : nil)
    }
}
