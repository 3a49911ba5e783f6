import Formats
import Tensors

/// OpenAI's GPT-2 and what was trained as it.
struct GPT2: ModelArchitecture {
    static let classes = ["GPT2LMHeadModel"]
    static let modelTypes = ["gpt2"]

    let name = "gpt2"
    private let model: HuggingFaceModel
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names: TensorNames = {
        var names: [ExactName: String] = ["lm_head": "output"]
        for prefix in ["", "transformer."] {
            names[prefix + "wte"] = "token_embd"
            names[prefix + "wpe"] = "position_embd"
            names[prefix + "ln_f"] = "output_norm"
            for (name, inGGUF) in [
                "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
                "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
            ] {
                names["\(prefix)h.*.\(name)"] = "blk.*.\(inGGUF)"
            }
        }
        return TensorNames(names)
    }()

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    /// All but the masks that old checkpoints have.
    static func name(of tensor: String) -> String? {
        [".attn.bias", ".attn.masked_bias"].contains(where: { tensor.hasUTF8Suffix($0) })
            ? nil : TextTensors.name(of: tensor)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let transposed = [".c_attn.weight", ".c_proj.weight", ".c_fc.weight"]
        guard transposed.contains(where: { name.hasUTF8Suffix($0) }) else {
            return [try Self.names.renamed(name, value, self.name)]
        }
        guard value.shape.count == 2, let view = value.view else {
            throw ConversionError.wrongShape(name, value.shape, "which is not a matrix")
        }
        return [try Self.names.renamed(name, TensorValue(view.swapped(0, 1)), self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        let width = try config.size("n_embd")
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("context_length", config, ["n_ctx", "n_positions"])
        metadata.set("embedding_length", try ModelMetadata.count(width))
        metadata.set("feed_forward_length", try ModelMetadata.count(4 * width))
        try metadata.addNeededCount("attention.head_count", config, ["n_head"])
        metadata.set(
            "attention.layer_norm_epsilon", .float32(Float(try config.number("layer_norm_epsilon"))))
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.rename("hidden_size", to: "n_embd")
        config.rename("max_position_embeddings", to: "n_positions")
        config.rename("num_attention_heads", to: "n_head")
        config.rename("num_hidden_layers", to: "n_layer")
        config.setDefaults([
            "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12,
            "layer_norm_epsilon": .number(1e-5), "bos_token_id": 50256, "eos_token_id": 50256,
        ])
    }
}
