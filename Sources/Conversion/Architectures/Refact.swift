import Formats
import Tensors

/// Small Magellanic Cloud's Refact: one head for keys and values, distances in the place of positions.
struct Refact: PlainFamily {
    static let classes = ["GPTRefactForCausalLM"]
    static let names: TensorNames = {
        let start = "transformer.h.*"
        return TensorNames(TensorNames.gptBlocks).adding(["transformer.h.*.attn.q": "blk.*.attn_q"]).storing([
            "blk.*.attn_k.weight": ["\(start).attn.kv.weight"],
            "blk.*.attn_v.weight": ["\(start).attn.kv.weight"],
            "blk.*.ffn_gate.weight": ["\(start).mlp.gate_up_proj.weight"],
            "blk.*.ffn_up.weight": ["\(start).mlp.gate_up_proj.weight"],
        ])
    }()

    let name = "refact"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings, block: RequiredTensors.llama + RequiredTensors.dense)
    }

    /// Two thirds of four times the width, up to the next 256.
    private func innerLength() throws(ConversionError) -> Int {
        256 * ((2 * 4 * (try config.size("n_embd")) / 3 + 255) / 256)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasUTF8Suffix(".attn.kv.weight") {
            let length = try config.size("n_embd") / config.size("n_head")
            return try halves(name, value, length, ["attn_k", "attn_v"])
        }
        if name.hasUTF8Suffix(".mlp.gate_up_proj.weight") {
            return try halves(name, value, innerLength(), ["ffn_gate", "ffn_up"])
        }
        return [try Self.names.renamed(name, value, self.name)]
    }

    private func halves(
        _ name: String, _ value: TensorValue, _ rows: Int, _ parts: [String]
    ) throws(ConversionError) -> [ConvertedTensor] {
        guard let block = TensorNames.block(of: name), let view = value.view, view.shape.count == 2,
            rows < view.shape[0], let first = view.sliced(axis: 0, 0..<rows),
            let second = view.sliced(axis: 0, rows..<view.shape[0])
        else { throw .wrongShape(name, value.shape, "which has no two parts, the first of \(rows) rows") }
        return [
            ConvertedTensor("blk.\(block).\(parts[0]).weight", TensorValue(first)),
            ConvertedTensor("blk.\(block).\(parts[1]).weight", TensorValue(second)),
        ]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGPTSizes(config, inner: innerLength())
        metadata.set("attention.head_count_kv", .uint32(1))
        try metadata.addNeededFloat("attention.layer_norm_rms_epsilon", config, "layer_norm_epsilon")
        metadata["general.file_type"] = .uint32(fileType)
    }
}
