import Formats
import Tensors

/// Peking University's CodeShell: GPT-2 with rotations.
struct CodeShell: PlainFamily {
    static let classes = ["CodeShellForCausalLM"]
    static let names = TensorNames(TensorNames.gptBlocks).adding([
        "transformer.h.*.mlp.c_fc": "blk.*.ffn_up", "transformer.h.*.attn.c_attn": "blk.*.attn_qkv",
    ])

    let name = "codeshell"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(["output", "output_norm+"], block: RequiredTensors.biased)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGPTSizes(config)
        try metadata.addNeededCount("attention.head_count_kv", config, ["num_query_groups"])
        try metadata.addNeededFloat("attention.layer_norm_epsilon", config, "layer_norm_epsilon")
        metadata["general.file_type"] = .uint32(fileType)
        metadata.set("rope.freq_base", .float32(10000))
        metadata.set("rope.scaling.type", .string("linear"))
        metadata.set("rope.scaling.factor", .float32(1))
    }
}
