import Formats
import Tensors

/// EuroBERT, and the fifth of Jina's models for embeddings, which is built on it: Llama whose tokens see all others.
struct EuroBert: ModelArchitecture {
    static let classes = ["EuroBertModel", "JinaEmbeddingsV5Model"]
    static let modelTypes: [String] = []

    let name = "eurobert"
    private let model: HuggingFaceModel
    static func spellings(_ config: ModelConfig) -> [TensorNames] { [names] }

    private static let names = TensorNames([
        "embed_tokens": "token_embd", "norm": "output_norm",
    ]).adding(
        Dictionary(
            [
                "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
                "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
                "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
                "mlp.down_proj": "ffn_down",
            ].map { (ExactName("layers.*.\($0)"), "blk.*.\($1)") }
        ) { $1 })

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.dropping(start: "model."))
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        metadata.set("attention.causal", .bool(false))
        metadata.set("rope.scaling.type", .string("none"))
        try metadata.addPooling(model.files, model.config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        metadata["tokenizer.ggml.add_bos_token"] = .bool(false)
        try vocabulary.addBPE(to: &metadata)
    }
}
