import Formats
import Tensors

/// The part for pictures of DeepSeek V4, whose sizes stand beside those of the text.
struct DeepSeekV4Projector: ModelProjector {
    static let classes = ["DeepseekV4ForCausalLM"]
    static let texts = ["layers.", "embed.", "head.", "hc_head"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let patch: Int

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        let whole = ModelConfig(members: model.raw.members ?? [])
        guard whole["vision_n_layers"]?.isTruthy == true else {
            throw ConversionError(
                .configKeyMissing,
                "config.json states no \"vision_n_layers\": the model has no part for pictures",
                fix: "convert it without --mmproj")
        }
        for (key, wanted) in [("vision_max_n_token", 384), ("vision_max_wh_ratio", 8)]
        where whole[key]?.integer != wanted {
            throw .wrongValue(key, whole[key] ?? .null, "\(wanted), which llama.cpp takes for every model")
        }
        patch = try whole.size("vision_patch_size")
        let scale = try whole.size("vision_downsample_ratio")
        for (key, size) in [("vision_patch_size", patch), ("vision_downsample_ratio", scale)]
        where size > 1 << 12 {
            throw .wrongValue(key, .integer(size), "a number of pixels or patches up to 4096")
        }
        var vision = ModelConfig(members: [])
        for (key, own) in [
            ("num_hidden_layers", "vision_n_layers"), ("hidden_size", "vision_dim"),
            ("num_attention_heads", "vision_n_heads"), ("intermediate_size", "vision_inter_dim"),
            ("patch_size", "vision_patch_size"), ("downsample_ratio", "vision_downsample_ratio"),
            ("min_pixels", "vision_min_pixels"),
        ] { vision[key] = whole[own] }
        // Pictures have no fixed size.
        vision["image_size"] = .integer(patch * scale * 16)
        self.vision = vision
        names = ProjectorNames(
            Self.own, counts: [("vision.blocks.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        ["vision.", "aligner.", "image_"].contains { tensor.hasUTF8Prefix($0) } ? tensor : nil
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let renamed = try names.renamed(name, value)
        if name.hasSameBytes(as: "vision.patch_embed.proj.weight") {
            guard value.shape.count == 2, let view = value.view?.split(axis: 1, into: [3, patch, patch])
            else {
                throw .wrongShape(name, value.shape, "whose rows are not patches of \(patch) × \(patch)")
            }
            return [ConvertedTensor(renamed.name, TensorValue(view))]
        }
        guard name.containsUTF8(".mlp.w1.") else { return [renamed] }
        return try TowerTensors.halves(
            name, renamed, "ffn_gate", ["ffn_gate", "ffn_up"], "gates and values")
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        var prepared = model
        prepared.setPreparation(mean: 0.5, deviation: 0.5)
        try metadata.addVision(prepared, vision)
        metadata.addProjectorType("deepseek4v")
        metadata.set("vision.attention.layer_norm_epsilon", .float32(1e-6))
        metadata["clip.use_silu"] = .bool(true)
        try metadata.addNeededNumber("vision.projector.scale_factor", vision, ["downsample_ratio"])
        try metadata.addNeededNumber("vision.image_min_pixels", vision, ["min_pixels"])
    }

    private static let own = TowerTensors.blocks(
        "vision.blocks",
        [
            "norm1": "ln1", "norm2": "ln2", "attn.wqkv": "attn_qkv", "attn.wo": "attn_out",
            "mlp.w1": "ffn_gate", "mlp.w2": "ffn_down",
        ]
    ).merging([
        "vision.patch_embed.proj": "v.patch_embd", "vision.norm": "v.post_ln", "aligner.w1": "mm.1",
        "aligner.w2": "mm.2", "image_newline": "v.image_newline", "image_start": "v.token_embd.img_start",
        "image_end": "v.token_embd.img_end", "image_pad": "v.token_embd.img_pad",
    ]) { $1 }
}
