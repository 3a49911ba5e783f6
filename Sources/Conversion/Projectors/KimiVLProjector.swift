import Formats
import Tensors

/// The part for pictures of Kimi VL: MoonViT.
struct KimiVLProjector: ModelProjector {
    static let classes = ["KimiVLForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        // 64 patches of 14 along each side, as the reference states it whatever the model's own numbers are.
        vision["image_size"] = .integer(64 * 14)
        self.vision = vision
        names = ProjectorNames(Self.own, counts: [("vision_tower.encoder.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        ["vision_tower", "multi_modal_projector"].contains { tensor.containsUTF8($0) } ? tensor : nil
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let renamed = try names.renamed(name, value)
        if name.containsUTF8("pos_emb.weight") {
            guard value.shape.count == 3, case .views(let views) = value.content else {
                throw .wrongShape(name, value.shape, "which is no grid of positions")
            }
            let shape = [value.shape[0] * value.shape[1], value.shape[2]]
            return [ConvertedTensor(renamed.name, TensorValue(views, shape: shape))]
        }
        guard name.containsUTF8("wqkv") else { return [renamed] }
        return zip(["attn_q", "attn_k", "attn_v"], try TowerTensors.thirds(name, value)).map {
            ConvertedTensor(renamed.name.replacingUTF8("attn_qkv", with: $0), $1)
        }
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("kimivl")
        metadata["clip.use_gelu"] = .bool(true)
        metadata.set("vision.projector.scale_factor", .uint32(2))
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-5))
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
        "vision_tower.encoder.final_layernorm": "v.post_ln",
        "multi_modal_projector.pre_norm": "mm.input_norm",
        "multi_modal_projector.linear_1": "mm.1", "multi_modal_projector.linear_2": "mm.2",
    ]) { $1 }
}
