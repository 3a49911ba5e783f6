import Formats
import Tensors

/// The second of Jina's models for embeddings, for texts and for code: BERT with distances instead of positions, and
/// gates.
struct JinaBert2: ModelArchitecture {
    static let classes = ["JinaBertModel", "JinaBertForMaskedLM"]
    static let modelTypes: [String] = []

    let name = "jina-bert-v2"
    private let model: HuggingFaceModel
    private let labels: [String]?

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let gates = [
            "encoder.layer.*.mlp.up_gated_layer", "encoder.layer.*.mlp.down_layer",
            "encoder.layer.*.layer_norm_2",
        ]
        let others = ["gated_layers", "wo", "layernorm"].map { "encoder.layer.*.mlp.\($0)" }
        return [names.without(gates), names.without(others)]
    }

    private static let names = Bert.names.without([
        "embeddings.position_embeddings", "classifier.dense", "classifier.out_proj",
        "encoder.layer.*.intermediate.dense", "encoder.layer.*.output.dense",
        "encoder.layer.*.output.LayerNorm",
    ]).adding([
        "encoder.layer.*.mlp.gated_layers": "blk.*.ffn_up", "encoder.layer.*.mlp.wo": "blk.*.ffn_down",
        "encoder.layer.*.mlp.layernorm": "blk.*.layer_output_norm",
        "encoder.layer.*.mlp.up_gated_layer": "blk.*.ffn_up",
        "encoder.layer.*.mlp.down_layer": "blk.*.ffn_down",
        "encoder.layer.*.layer_norm_1": "blk.*.attn_norm_2",
        "encoder.layer.*.layer_norm_2": "blk.*.layer_output_norm",
        "encoder.layer.*.attention.self.layer_norm_q": "blk.*.attn_q_norm",
        "encoder.layer.*.attention.self.layer_norm_k": "blk.*.attn_k_norm",
    ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        // That for code has norms of its own, which the class alone states, of another repository.
        let code = config.raw["auto_map"]?.compactText.containsUTF8("qk-post-norm") == true
        return RequiredTensors(
            ["token_embd", "token_embd_norm+", "token_types"],
            block: [
                "attn_q+", "attn_k+", "attn_v+", "attn_output+", "attn_output_norm+", "ffn_up", "ffn_down+",
                "layer_output_norm+",
            ] + (code ? ["attn_norm_2+", "attn_q_norm+", "attn_k_norm+"] : []))
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        labels = try Bert.labels(model.config)
    }

    static func name(of tensor: String) -> String? { Bert.encoderName(of: tensor) }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addEncoderParameters(model.config, model.files, labels, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        switch vocabulary.tokenizerClass {
        case "BertTokenizer": try vocabulary.addWordPiece(to: &metadata)
        case "RobertaTokenizer":
            let kind = try model.files.json("tokenizer.json")?["pre_tokenizer"]?["type"]
            guard kind?.isText("Whitespace") != true else {
                throw ConversionError(
                    .tokenizerKind, "a JinaBERT whose tokenizer cuts at white space cannot be converted",
                    fix: "take a GGUF that someone made with llama.cpp")
            }
            try vocabulary.addBPE(to: &metadata)
            metadata["tokenizer.ggml.token_type_count"] = .uint32(2)
        case let other:
            throw ConversionError(
                .tokenizerKind,
                "tokenizer_config.json: a JinaBERT has no tokenizer of the class \(other ?? "that is not named")"
            )
        }
    }
}
