import Formats
import Tensors

/// Preferred Networks' PLaMo of 13 billion parameters, the one size that llama.cpp has.
struct Plamo: PlainFamily {
    static let classes = ["PlamoForCausalLM"]
    static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
        ]
        for (name, inGGUF) in [
            "norm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
            "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
            "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
        ] { names["model.layers.layers.*.\(name)"] = "blk.*.\(inGGUF)" }
        return TensorNames(names)
    }()

    let name = "plamo"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "output_norm", "output"],
            block: ["attn_norm"] + RequiredTensors.attention + RequiredTensors.dense)
    }

    /// With heads in the order of the groups that share keys: five groups of eight heads of 128 elements.
    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let isQuery = name.hasUTF8Suffix("q_proj.weight")
        guard isQuery || name.hasUTF8Suffix("o_proj.weight") else { return try converted(name, value) }
        let axis = isQuery ? 0 : 1
        guard value.shape == [5120, 5120], let view = value.view?.split(axis: axis, into: [8, 5, 128]) else {
            throw .wrongShape(name, value.shape, "which is not [5120, 5120]")
        }
        return try converted(name, TensorValue([view.swapped(axis, axis + 1)], shape: value.shape))
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        metadata.set("context_length", .uint32(4096))
        try metadata.addNeededCount("embedding_length", config, ["hidden_size"])
        try metadata.addNeededCount("feed_forward_length", config, ["intermediate_size"])
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("attention.head_count", config, ["num_attention_heads"])
        metadata.set("attention.head_count_kv", .uint32(5))
        try metadata.addNeededFloat("attention.layer_norm_rms_epsilon", config, "rms_norm_eps")
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addSentencePiece(to: &metadata)
    }
}
