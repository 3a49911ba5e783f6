import Formats
import Tensors

/// Inception's Jais 2: LayerNorm, and the square of relu in the place of gates.
struct Jais2: PlainFamily {
    static let classes = ["Jais2ForCausalLM"]
    static let names = TensorNames.llama.without(["model.layers.*.mlp.gate_proj", "layers.*.mlp.gate_proj"])

    let name = "jais2"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "output_norm+"],
            block: [
                "attn_norm+", "attn_q+", "attn_k+", "attn_v+", "attn_output+", "ffn_norm+", "ffn_up+",
                "ffn_down+",
            ])
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addWholeHeads(config)
    }
}
