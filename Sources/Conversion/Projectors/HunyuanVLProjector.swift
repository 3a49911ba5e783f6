import Formats
import Tensors

/// The part for pictures of HunyuanOCR.
struct HunyuanVLProjector: ModelProjector {
    static let classes = ["HunYuanVLForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        vision.setDefault("image_size", vision["max_image_size"] ?? 2048)
        self.vision = vision
        names = ProjectorNames(Self.own, counts: [("vit.layers.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? { tensor.hasUTF8Prefix("vit.") ? tensor : nil }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.containsUTF8("position_embedding") else { return [try names.renamed(name, value)] }
        // The first row is no position of a patch.
        guard let rows = value.shape.first, rows > 1, let view = value.view?.sliced(axis: 0, 1..<rows) else {
            throw .wrongShape(name, value.shape, "which has no positions")
        }
        return [try names.renamed(name, TensorValue(view))]
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        guard ["mm.0.", "mm.2."].contains(where: { written.containsUTF8($0) }),
            written.hasUTF8Suffix(".weight")
        else { return nil }
        return wanted == .f16 ? .f16 : .f32
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("hunyuanvl")
        metadata["clip.use_gelu"] = .bool(true)
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "rms_norm_eps", 1e-5))
        let merge = try vision["spatial_merge_size"] == nil ? 2 : vision.size("spatial_merge_size")
        metadata.set("vision.spatial_merge_size", try ModelMetadata.count(merge))
        try metadata.addNeededNumber("vision.image_min_pixels", model.preprocessor, ["min_pixels"])
        try metadata.addNeededNumber("vision.image_max_pixels", model.preprocessor, ["max_pixels"])
    }

    private static let own = TowerTensors.blocks(
        "vit.layers",
        [
            "input_layernorm": "ln1", "post_attention_layernorm": "ln2", "self_attn.q_proj": "attn_q",
            "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_out",
            "mlp.dense_h_to_4h": "ffn_up", "mlp.dense_4h_to_h": "ffn_down",
        ]
    ).merging(
        TowerTensors.prefixed(
            "vit.",
            [
                "embeddings.patch_embedding": "v.patch_embd",
                "embeddings.position_embedding": "v.position_embd",
                "perceive.before_rms": "mm.pre_norm", "perceive.after_rms": "mm.post_norm",
                "perceive.image_begin": "mm.image_begin", "perceive.image_end": "mm.image_end",
                "perceive.image_newline": "v.image_newline", "perceive.image_sep": "v.view_seperator",
                "perceive.mlp": "mm.model.fc", "perceive.proj.0": "mm.0", "perceive.proj.2": "mm.2",
            ])
    ) { $1 }
}
