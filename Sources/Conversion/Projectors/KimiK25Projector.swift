import Formats
import Tensors

/// The part for pictures of Kimi K2.5 and GLM 5.2 Vision: MoonViT with positions in time.
struct KimiK25Projector: ModelProjector {
    static let classes = ["KimiK25ForConditionalGeneration", "Glm5vForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let heads: Int
    private let patch: Int

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        patch = try vision["patch_size"] == nil ? 14 : vision.size("patch_size")
        heads = try vision["num_attention_heads"] == nil ? 16 : vision.size("num_attention_heads")
        let height = try Self.positions(vision, "height", 64)
        vision["image_size"] = .integer(height &* patch)
        self.vision = vision
        names = ProjectorNames(Self.own, counts: [("vision_tower.encoder.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        if tensor.containsUTF8("language_model.") { return nil }
        guard ["vision_tower", "mm_projector"].contains(where: { tensor.containsUTF8($0) }) else {
            return nil
        }
        return tensor.replacingUTF8("mm_projector.proj.0.", with: "mm_projector.proj.linear_1.")
            .replacingUTF8("mm_projector.proj.2.", with: "mm_projector.proj.linear_2.")
            .replacingUTF8("mm_projector.linear_", with: "mm_projector.proj.linear_")
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.containsUTF8("wqkv") else { return [try names.renamed(name, value)] }
        // Queries and keys from pairs one after the other to halves, as llama.cpp turns them in two dimensions.
        var views: [TensorView] = []
        for (place, third) in try TowerTensors.thirds(name, value).enumerated() {
            guard let view = third.view, let rows = view.shape.first else { continue }
            guard place < 2 else {
                views.append(view)
                continue
            }
            guard let split = view.split(axis: 0, into: [heads, rows / heads / 4, 2, 2]) else {
                throw .wrongShape(name, value.shape, "whose rows are not fours of \(heads) heads")
            }
            views.append(split.swapped(1, 2))
        }
        return [try names.renamed(name, TensorValue(views, shape: value.shape))]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("kimik25")
        for (key, standard) in [("height", 64), ("width", 64), ("time", 4)] {
            let count = try Self.positions(vision, key, standard)
            // Without the beginning that the others have, as the reference writes them.
            metadata["vision.pos_emb_\(key)"] = try ModelMetadata.count(count)
        }
        let isGelu = (vision["projector_hidden_act"] ?? "gelu").isText("gelu")
        metadata["clip.use_gelu"] = .bool(isGelu)
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "projector_ln_eps", 1e-5))
        let kernel = vision["merge_kernel_size"] ?? [2, 2]
        guard let merge = kernel.array?.first?.integer else {
            throw .wrongValue("merge_kernel_size", kernel, "a list of numbers")
        }
        metadata.set("vision.projector.scale_factor", try ModelMetadata.count(merge))
        let files = model.preprocessor
        let limit = try files["in_patch_limit"] == nil ? 16384 : files.size("in_patch_limit")
        for (key, patches) in [("min", 8), ("max", limit)] {
            let (pixels, isTooLarge) = patches.multipliedReportingOverflow(by: patch &* patch)
            if isTooLarge { throw .wrongValue("in_patch_limit", .integer(limit), "a number of patches") }
            metadata.set("vision.image_\(key)_pixels", try ModelMetadata.count(pixels))
        }
    }

    private static func positions(
        _ vision: ModelConfig, _ key: String, _ standard: Int
    ) throws(ConversionError) -> Int {
        let key = "init_pos_emb_\(key)"
        return try vision[key] == nil ? standard : vision.size(key)
    }

    private static let own = TowerTensors.blocks(
        "vision_tower.encoder.blocks",
        [
            "norm0": "ln1", "norm1": "ln2", "wqkv": "attn_qkv", "wo": "attn_out", "mlp.fc0": "ffn_up",
            "mlp.fc1": "ffn_down",
        ]
    ).merging([
        "vision_tower.patch_embed.proj": "v.patch_embd",
        "vision_tower.patch_embed.pos_emb": "v.position_embd",
        "vision_tower.encoder.final_layernorm": "v.post_ln", "mm_projector.pre_norm": "mm.input_norm",
        "mm_projector.proj.linear_1": "mm.1", "mm_projector.proj.linear_2": "mm.2",
    ]) { $1 }
}
