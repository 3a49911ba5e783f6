import Formats
import Tensors

/// The part for pictures of EXAONE 4.5: Qwen 2.5 VL's, with fewer heads of keys.
struct ExaoneProjector: ModelProjector {
    static let classes = ["Exaone4_5_ForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        vision.setDefault("image_size", 560)
        vision["num_attention_heads"] = vision["num_heads"]
        vision["num_hidden_layers"] = vision["depth"]
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.qwen.merging([
                "visual.blocks.*.attn.qkv": "v.blk.*.attn_qkv",
                "visual.blocks.*.mlp.gate_proj": "v.blk.*.ffn_gate",
                "visual.blocks.*.mlp.up_proj": "v.blk.*.ffn_up",
                "visual.blocks.*.mlp.down_proj": "v.blk.*.ffn_down",
                "visual.patch_embed.proj": "v.patch_embd", "visual.merger.ln_q": "v.post_ln",
                "visual.merger.mlp.0": "mm.0", "visual.merger.mlp.2": "mm.2",
            ]) { $1 }, counts: [("visual.blocks.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? { TowerTensors.visual(tensor) }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try TowerTensors.converted(name, value, names)
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("exaone4_5")
        metadata["clip.use_silu"] = .bool(true)
        try metadata.addNeededNumber("vision.image_min_pixels", model.preprocessor, ["min_pixels"])
        try metadata.addNeededNumber("vision.image_max_pixels", model.preprocessor, ["max_pixels"])
        if vision.first(["num_key_value_heads"]) != nil {
            try metadata.addNeededNumber("vision.attention.head_count_kv", vision, ["num_key_value_heads"])
        }
        let whole = ModelConfig(members: model.raw.members ?? [])
        let source = vision["rms_norm_eps"] == nil ? whole : vision
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(source, "rms_norm_eps", 1e-6))
        if vision.first(["window_size"]) != nil {
            try metadata.addNeededNumber("vision.window_size", vision, ["window_size"])
        }
        if vision["fullatt_block_indexes"]?.isTruthy == true {
            metadata.set("vision.n_wa_pattern", try ModelMetadata.count(vision.windowPeriod()))
        }
    }
}
