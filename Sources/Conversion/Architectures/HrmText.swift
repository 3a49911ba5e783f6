import Formats
import Tensors

/// Hierarchical reasoning models for text: two stacks of layers that are gone through again and again.
struct HrmText: PlainFamily {
    static let classes = ["HrmTextForCausalLM"]
    static let names = TensorNames([
        "model.embed_tokens": "token_embd", "lm_head": "output",
        "model.z_L_init": "hrm.z_l_init",
    ]).storing(["hrm.z_l_init": ["model.z_L_init"]])

    let name = "hrm_text"
    var parts: PlainParts

    private static func layersPerStack(_ config: ModelConfig) -> Int {
        let stated = config["num_layers_per_stack"]?.integer ?? 0
        return stated > 0 ? stated : (try? config.blockCount()) ?? 0
    }

    /// What the tensors of a layer are made of.
    private static let layer = [
        ("attn.gqkv_proj.weight", ["attn_gate", "attn_q", "attn_k", "attn_v"]),
        ("mlp.gate_up_proj.weight", ["ffn_gate", "ffn_up"]), ("attn.o_proj.weight", ["attn_output"]),
        ("mlp.down_proj.weight", ["ffn_down"]),
    ]

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let count = min(layersPerStack(config), 1 << 12)
        var parts: [ExactName: [String]] = [:]
        for block in 0..<2 * max(count, 0) {
            let start = "model.\(block < count ? "L" : "H")_module.layers.\(block % count)"
            for (own, tensors) in layer {
                for tensor in tensors {
                    parts[ExactName("blk.\(block).\(tensor).weight")] = ["\(start).\(own)"]
                }
            }
        }
        return names.storing(parts).spellings
    }

    /// Both stacks' layers are written one after another.
    static func predictionCount(_ config: ModelConfig) -> Int {
        min(2 * layersPerStack(config), 1 << 16) - ((try? config.blockCount()) ?? 0)
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "hrm.z_l_init."],
            block: ["attn_gate"] + RequiredTensors.attention + RequiredTensors.dense)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name == "model.z_L_init" { return [ConvertedTensor("hrm.z_l_init", value)] }
        guard let stack = ["L", "H"].first(where: { name.hasUTF8Prefix("model.\($0)_module.layers.") }),
            let layer = TensorNames.block(of: name)
        else { return [try Self.names.renamed(name, value, self.name)] }
        let block = stack == "H" ? layer &+ Self.layersPerStack(config) : layer
        for (end, parts) in Self.layer
        where name.hasUTF8Suffix("layers.\(layer).\(end)") {
            guard let view = value.view, view.shape.count == 2, view.shape[0].isMultiple(of: parts.count)
            else { throw .wrongShape(name, value.shape, "which has no \(parts.count) equal parts") }
            let rows = view.shape[0] / parts.count
            return parts.enumerated().compactMap { place, part in
                view.sliced(axis: 0, place * rows..<(place + 1) * rows).map {
                    ConvertedTensor("blk.\(block).\(part).weight", TensorValue($0))
                }
            }
        }
        throw .unknownTensor(name, self.name)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let (layers, high, low) = (
            Self.layersPerStack(config), try config.size("H_cycles"), try config.size("L_cycles")
        )
        let (once, overflow) = layers.multipliedReportingOverflow(by: high)
        guard !overflow else { throw .wrongValue("H_cycles", .integer(high), "a number of rounds") }
        try metadata.addProduct("block_count", once, low + 1)
        try metadata.addWholeHeads(config)
        try metadata.addNeededFloat("embedding_scale", config, "embedding_scale")
        metadata.set("hrm.layers_per_stack", try ModelMetadata.count(layers))
        metadata.set("hrm.h_cycles", try ModelMetadata.count(high))
        metadata.set("hrm.l_cycles", try ModelMetadata.count(low))
        metadata.set("hrm.prefix_lm", .bool(config["prefix_lm"]?.isTruthy ?? false))
    }
}
