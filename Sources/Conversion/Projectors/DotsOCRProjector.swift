import Formats
import Tensors

/// The part for pictures of dots.ocr.
struct DotsOCRProjector: ModelProjector {
    static let classes = ["DotsOCRForCausalLM"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        // Pictures have no fixed size.
        vision["image_size"] = 0
        self.vision = vision
        names = ProjectorNames(Self.own, counts: [("vision_tower.blocks.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? { tensor.hasUTF8Prefix("vision_tower.") ? tensor : nil }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("dots_ocr")
        try metadata.addNeededNumber("vision.image_min_pixels", model.preprocessor, ["min_pixels"])
        try metadata.addNeededNumber("vision.image_max_pixels", model.preprocessor, ["max_pixels"])
        metadata.set(
            "vision.attention.layer_norm_epsilon", .float32(Float(try vision.number("rms_norm_eps"))))
        try metadata.addNeededNumber("vision.projector.scale_factor", vision, ["spatial_merge_size"])
        metadata["clip.use_silu"] = .bool(true)
    }

    private static let own = TowerTensors.blocks(
        "vision_tower.blocks",
        [
            "norm1": "ln1", "norm2": "ln2", "attn.qkv": "attn_qkv", "attn.proj": "attn_out",
            "mlp.fc1": "ffn_gate", "mlp.fc2": "ffn_down", "mlp.fc3": "ffn_up",
        ]
    ).merging([
        "vision_tower.patch_embed.patchifier.proj": "v.patch_embd",
        "vision_tower.patch_embed.patchifier.norm": "v.pre_ln",
        "vision_tower.post_trunk_norm": "mm.post_norm", "vision_tower.merger.ln_q": "mm.input_norm",
        "vision_tower.merger.mlp.0": "mm.0", "vision_tower.merger.mlp.2": "mm.2",
    ]) { $1 }
}
