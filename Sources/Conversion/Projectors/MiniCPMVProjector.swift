import Formats
import Tensors

/// The part for pictures of MiniCPM-V 4.6: SigLIP with a block between that merges four patches, and a last one.
struct MiniCPMVProjector: ModelProjector {
    static let classes = ["MiniCPMV4_6ForConditionalGeneration"]
    static let leftOut = ["model.vision_tower.vit_merger."]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    /// Whether patches are merged twice.
    private let isMergedTwice: Bool

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        let mode = model.preprocessor["downsample_mode"] ?? "16x"
        switch mode.string {
        case "16x": isMergedTwice = true
        case "4x": isMergedTwice = false
        default: throw .wrongValue("downsample_mode", mode, "4x or 16x")
        }
        var vision = try model.vision()
        if model.preprocessor.first(["scale_resolution"]) != nil {
            vision["image_size"] = .integer(try model.preprocessor.size("scale_resolution"))
        }
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.siglip("model.vision_tower.").merging([
                "model.merger.mlp.0.pre_norm": "mm.input_norm", "model.merger.mlp.0.linear_1": "mm.up",
                "model.merger.mlp.0.linear_2": "mm.down",
            ]) { $1 }.merging(isMergedTwice ? Self.merger : [:]) { $1 },
            counts: [("model.vision_tower.encoder.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        guard ["model.vision_tower.", "model.merger."].contains(where: { tensor.hasUTF8Prefix($0) }) else {
            return nil
        }
        return !isMergedTwice && tensor.containsUTF8(".vit_merger.") ? nil : tensor
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("minicpmv4_6")
        metadata.set("vision.projector.scale_factor", .uint32(isMergedTwice ? 4 : 2))
        let whole = ModelConfig(members: model.raw.members ?? [])
        let stated = try whole.integerIfPresent("insert_layer_id")
        let own = try vision.integerIfPresent("insert_layer_id")
        let place = stated ?? own ?? 6
        guard let layer = Int32(exactly: place) else {
            throw .wrongValue("insert_layer_id", .integer(place), "the number of a block")
        }
        metadata.set("vision.wa_layer_indexes", .int32s([layer]))
        metadata["clip.use_gelu"] = .bool(true)
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-6))
    }

    private static let merger = TowerTensors.prefixed(
        "model.vision_tower.vit_merger.",
        [
            "layer_norm1": "v.vit_merger.ln1", "self_attn.q_proj": "v.vit_merger.attn_q",
            "self_attn.k_proj": "v.vit_merger.attn_k", "self_attn.v_proj": "v.vit_merger.attn_v",
            "self_attn.out_proj": "v.vit_merger.attn_out", "pre_norm": "v.vit_merger.ds_ln",
            "linear_1": "v.vit_merger.ds_ffn_up", "linear_2": "v.vit_merger.ds_ffn_down",
        ])
}
