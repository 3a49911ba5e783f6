import Formats
import Tensors

/// The part for pictures of GLM 4.1V, 4.5V, 5.3 Flash and GLM-OCR: Qwen's tower with another merger.
struct Glm4VProjector: ModelProjector {
    static let classes = [
        "Glm4vForConditionalGeneration", "Glm4vMoeForConditionalGeneration", "GlmOcrForConditionalGeneration",
        "Glm5NextForConditionalGeneration",
    ]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        if ["glm4v", "glm4v_moe"].contains(where: { model.raw["model_type"]?.isText($0) ?? false }) {
            vision.setDefaults([
                "depth": 24, "hidden_size": 1536, "hidden_act": "silu", "num_heads": 12, "image_size": 336,
                "patch_size": 14, "intermediate_size": 13696, "rms_norm_eps": .number(1e-5),
            ])
        }
        try vision.setPictureSize()
        vision["num_attention_heads"] = vision["num_heads"]
        vision["num_hidden_layers"] = vision["depth"]
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.qwen.merging(Self.own) { $1 }, counts: [("visual.blocks.", try vision.towerDepth())],
            optional: [
                "visual.embeddings.position_embedding", "visual.post_conv_layernorm",
                "visual.blocks.*.attn.q_norm", "visual.blocks.*.attn.k_norm",
            ])
    }

    func name(of tensor: String) -> String? { TowerTensors.visual(tensor) }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        name.hasSameBytes(as: "visual.patch_embed.proj.weight")
            ? try TowerTensors.frames(name, value) : [try names.renamed(name, value)]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        let isNewer = ProjectorRegistry.architecture(model.raw).hasUTF8Prefix("Glm5Next")
        metadata.addProjectorType(isNewer ? "glm5v" : "glm4v")
        let activation = (vision["hidden_act"]?.string ?? "").lowercased()
        if activation.hasSameBytes(as: "gelu") { metadata["clip.use_gelu"] = .bool(true) }
        if activation.hasSameBytes(as: "silu") { metadata["clip.use_silu"] = .bool(true) }
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "rms_norm_eps", 1e-5))
        guard isNewer else { return }
        let merge = try vision["spatial_merge_size"] == nil ? 2 : vision.size("spatial_merge_size")
        metadata.set("vision.spatial_merge_size", try ModelMetadata.count(merge))
        if let limit = try vision.numberIfPresent("swiglu_limit") {
            metadata.set("vision.swiglu_clamp", .float32(Float(limit)))
        }
        // How many tokens a picture may have, as pixels.
        let files = model.preprocessor
        let side =
            try (files["patch_size"] == nil ? 14 : files.size("patch_size"))
            &* (files["merge_size"] == nil ? 2 : files.size("merge_size"))
        for key in ["min", "max"] {
            guard let tokens = try files.integerIfPresent("\(key)_image_tokens") else { continue }
            let (pixels, isTooLarge) = tokens.multipliedReportingOverflow(by: side &* side)
            if isTooLarge { throw .wrongValue("\(key)_image_tokens", .integer(tokens), "a number of tokens") }
            metadata.set("vision.image_\(key)_pixels", try ModelMetadata.count(pixels))
        }
    }

    private static let own: [ExactName: String] = [
        "visual.blocks.*.attn.qkv": "v.blk.*.attn_qkv", "visual.blocks.*.attn.q_norm": "v.blk.*.attn_q_norm",
        "visual.blocks.*.attn.k_norm": "v.blk.*.attn_k_norm",
        "visual.blocks.*.mlp.gate_proj": "v.blk.*.ffn_gate", "visual.blocks.*.mlp.up_proj": "v.blk.*.ffn_up",
        "visual.blocks.*.mlp.down_proj": "v.blk.*.ffn_down", "visual.patch_embed.proj": "v.patch_embd",
        "visual.embeddings.position_embedding": "v.position_embd",
        "visual.post_conv_layernorm": "v.norm_embd", "visual.post_layernorm": "v.post_ln",
        "visual.downsample": "mm.patch_merger", "visual.merger.proj": "mm.model.fc",
        "visual.merger.post_projection_norm": "mm.post_norm", "visual.merger.gate_proj": "mm.gate",
        "visual.merger.up_proj": "mm.up", "visual.merger.down_proj": "mm.down",
    ]
}
