import Formats
import Tensors

/// The part for pictures of DeepSeek-OCR 2: SAM's encoder, and a small Qwen 2 behind it.
struct DeepSeekOCR2Projector: ModelProjector {
    static let classes = ["DeepseekOCR2ForCausalLM"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let sam: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        let width = vision["width"] ?? .null
        guard let sam = width["sam_vit_b"]?.members, let qwen = width["qwen2-0-5b"]?["dim"] else {
            throw .wrongValue("width", width, "the sizes of SAM and Qwen 2")
        }
        self.sam = ModelConfig(members: sam)
        vision["hidden_size"] = qwen
        for (key, usual) in [
            ("layers", 24), ("patch_size", 16), ("intermediate_size", 4864), ("num_attention_heads", 14),
        ] as [(String, JSON)] where vision.first([key]) == nil { vision[key] = usual }
        self.vision = vision
        names = ProjectorNames(
            Self.qwen.merging(DeepSeekOCRProjector.samNames) { $1 }.merging([
                "model.projector.layers": "mm.model.fc", "model.view_seperator": "v.view_seperator",
            ]) { $1 },
            counts: [
                ("model.qwen2_model.model.model.layers.", try vision.towerDepth()),
                ("model.sam_model.blocks.", try self.sam.size("layers")),
            ])
    }

    func name(of tensor: String) -> String? {
        let starts = ["model.sam_model.", "model.qwen2_model.", "model.projector."]
        guard
            starts.contains(where: { tensor.hasUTF8Prefix($0) })
                || tensor.hasSameBytes(as: "model.view_seperator")
        else { return nil }
        return DeepSeekOCRProjector.named(tensor)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try names.renamed(name, DeepSeekOCRProjector.row(name, value))]
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        DeepSeekOCRProjector.isWide(name) ? .f32 : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addOCR("deepseekocr2", model, vision, sam, tiles: 6)
        // Seven heads of queries share one of keys.
        metadata.set("vision.attention.head_count_kv", .uint32(2))
    }

    private static let qwen = TowerTensors.blocks(
        "model.qwen2_model.model.model.layers",
        [
            "input_layernorm": "ln1", "post_attention_layernorm": "ln2", "self_attn.q_proj": "attn_q",
            "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_out",
            "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
        ]
    ).merging([
        "model.qwen2_model.model.model.norm": "v.post_ln",
        "model.qwen2_model.query_768": "v.resample_query_768",
        "model.qwen2_model.query_1024": "v.resample_query_1024",
    ]) { $1 }
}
