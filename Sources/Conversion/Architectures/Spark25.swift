import Formats
import Tensors

/// iFlytek's Spark X 2.5: gates behind attention, one for each head, and windows in some layers.
struct Spark25: PlainFamily {
    static let classes = ["Spark2_5ForCausalLM"]
    static let names = TensorNames.llama.without(
        ["q_proj", "k_proj", "v_proj"].flatMap {
            ["model.layers.*.self_attn.\($0)", "layers.*.self_attn.\($0)"]
        }
    ).adding([
        "model.layers.*.self_attn.q_k_v_proj": "blk.*.attn_qkv",
        "model.layers.*.self_attn.g_proj": "blk.*.attn_gate",
    ])

    let name = "spark2_5"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "attn_qkv", "attn_gate", "attn_output", "ffn_norm"] + RequiredTensors.dense)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasUTF8Suffix(".self_attn.q_k_v_proj.bias") { throw .unknownTensor(name, self.name) }
        if name.hasUTF8Suffix(".self_attn.g_proj.weight") {
            let heads = try config.size("num_attention_heads")
            guard value.shape.first == heads else {
                throw .wrongShape(name, value.shape, "which has not a row for each of \(heads) heads")
            }
        }
        if name.hasUTF8Suffix(".self_attn.q_k_v_proj.weight") {
            let heads = try RotaryHeads(config)
            let rows = (heads.count &+ 2 &* heads.keyCount) &* heads.length
            guard value.shape.first == rows else {
                throw .wrongShape(name, value.shape, "which has not \(rows) rows")
            }
        }
        return try converted(name, value)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let types = config["layer_types"]?.strings ?? []
        guard types.count == (try config.blockCount()),
            types.allSatisfy({ ["sliding_attention", "full_attention"].contains($0) })
        else { throw Self.wrong("layer_types", "is not a kind for each layer, with a window or without") }
        guard config["gate_attn_act_mode"]?.isText("sigmoid") == true else {
            throw Self.wrong("gate_attn_act_mode", "is not \"sigmoid\"")
        }
        guard config["headwise_attn_output_gate"] == .bool(true) else {
            throw Self.wrong("headwise_attn_output_gate", "is not true")
        }
        guard config["hidden_act"]?.isText("gelu") == true else {
            throw Self.wrong("hidden_act", "is not \"gelu\"")
        }
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        try metadata.addWindows(config)
        let length = try config.size("head_dim")
        for (end, kind) in [("", "full_attention"), ("_swa", "sliding_attention")] {
            guard let share = config["rope_parameters"]?[kind]?["partial_rotary_factor"]?.double else {
                throw ModelConfig.missing(["rope_parameters.\(kind).partial_rotary_factor"])
            }
            metadata.set(
                "rope.dimension_count\(end)", try ModelMetadata.share(share, of: length, heads: 1))
        }
    }

    private static func wrong(_ key: String, _ reason: String) -> ConversionError {
        ConversionError(
            .configValueWrong, "config.json: \"\(key)\" \(reason), as llama.cpp has this family",
            fix: "check that it is the config.json of this model")
    }
}
