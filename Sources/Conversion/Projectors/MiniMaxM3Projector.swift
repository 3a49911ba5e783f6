import Formats
import Tensors

/// The part for pictures of MiniMax M3, whose positions turn three parts of each head.
struct MiniMaxM3Projector: ModelProjector {
    static let classes = ["MiniMaxM3SparseForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        vision = try model.vision()
        names = ProjectorNames(
            TowerTensors.siglip("vision_tower.vision_model.").filter {
                !$0.key.text.containsUTF8("position_embedding")
                    && !$0.key.text.containsUTF8("post_layernorm")
            }.merging([
                "vision_tower.vision_model.pre_layrnorm": "v.pre_ln",
                "multi_modal_projector.linear_1": "mm.1", "multi_modal_projector.linear_2": "mm.2",
                "patch_merge_mlp.linear_1": "mm.merger.fc1", "patch_merge_mlp.linear_2": "mm.merger.fc2",
            ]) { $1 },
            counts: [("vision_tower.vision_model.encoder.layers.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        ["vision_tower.", "multi_modal_projector.", "patch_merge_mlp."].contains {
            tensor.hasUTF8Prefix($0)
        } ? tensor : nil
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasSameBytes(as: "vision_tower.vision_model.embeddings.patch_embedding.weight") {
            return try TowerTensors.frames(name, value)
        }
        let renamed = try names.renamed(name, value)
        guard [".attn_q.", ".attn_k."].contains(where: { renamed.name.containsUTF8($0) }) else {
            return [renamed]
        }
        return [ConvertedTensor(renamed.name, try sorted(name, value))]
    }

    /// The rows of queries or keys with the two halves of each third of a head together: of 80 rows the first 39 and the
    /// next 39 are three parts of 13 each, and two are not turned.
    private func sorted(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        let heads = try vision.size("num_attention_heads")
        let (length, third) = (80, 13)
        guard let view = value.view, view.shape.first == heads &* length, heads <= 1 << 12 else {
            throw .wrongShape(name, value.shape, "which has not \(heads) heads of \(length) rows")
        }
        var views: [TensorView] = []
        for head in 0..<heads {
            for part in 0..<3 {
                for half in 0..<2 {
                    let start = head * length + half * 3 * third + part * third
                    if let own = view.sliced(axis: 0, start..<start + third) { views.append(own) }
                }
            }
            let rest = head * length + 6 * third..<(head + 1) * length
            if let own = view.sliced(axis: 0, rest) { views.append(own) }
        }
        return TensorValue(views, shape: value.shape)
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("minimax_m3")
        metadata["clip.use_gelu"] = .bool(true)
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-5))
        let inner = ModelConfig(members: vision["img_token_compression_config"]?.members ?? [])
        let merge = try inner["spatial_merge_size"] == nil ? 2 : inner.size("spatial_merge_size")
        metadata.set("vision.spatial_merge_size", try ModelMetadata.count(merge))
    }
}
