import Formats
import Tensors

/// GSAI's LLaDA, which fills in masks (diffusion) instead of going on with a text.
struct Llada: PlainFamily {
    static let classes = ["LLaDAModelLM"]
    static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.transformer.wte": "token_embd", "model.transformer.ln_f": "output_norm",
            "model.transformer.ff_out": "output",
        ]
        for (own, inGGUF) in [
            ("attn_norm", "attn_norm"), ("q_proj", "attn_q"), ("k_proj", "attn_k"), ("v_proj", "attn_v"),
            ("attn_out", "attn_output"), ("ff_norm", "ffn_norm"), ("ff_proj", "ffn_gate"),
            ("up_proj", "ffn_up"), ("ff_out", "ffn_down"),
        ] {
            names[ExactName("model.transformer.blocks.*.\(own)")] = "blk.*.\(inGGUF)"
        }
        return TensorNames(names)
    }()

    let name = "llada"
    var parts: PlainParts

    private func heads() throws(ConversionError) -> Int { try config.size("num_attention_heads", "n_heads") }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var value = value
        if ["q_proj.weight", "q_proj.bias"].contains(where: { name.hasUTF8Suffix($0) }) {
            value = try RotaryHeads.interleaved(name, value, heads: heads())
        }
        if ["k_proj.weight", "k_proj.bias"].contains(where: { name.hasUTF8Suffix($0) }) {
            var count = try heads()
            if let own = try config.integerIfPresent("num_key_value_heads", "n_kv_heads") { count = own }
            value = try RotaryHeads.interleaved(name, value, heads: count)
        }
        return [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addPooling(parts.model.files, config)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        let length =
            config.first(["head_dim"]) == nil
            ? try config.size("hidden_size", "d_model") / heads() : try config.size("head_dim")
        metadata.set("rope.dimension_count", try ModelMetadata.count(length))
        for (key, name, usual) in [
            ("context_length", "max_sequence_length", 4096), ("embedding_length", "d_model", 4096),
            ("feed_forward_length", "mlp_hidden_size", 12288),
        ] {
            metadata.set(
                key, try ModelMetadata.count(config[name] == nil ? usual : config.integer(name)))
        }
        metadata.set("attention.causal", .bool(false))
        metadata["diffusion.shift_logits"] = .bool(false)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata, keepsKinds: true)
        metadata["tokenizer.ggml.add_bos_token"] = .bool(true)
    }
}
