import Formats
import Tensors

/// The part for pictures of Muse Glimmer, which sees a picture as two frames that are alike.
struct MuseGlimmerProjector: ModelProjector {
    static let classes = ["MuseGlimmerForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let heads: Int
    private let patch: Int

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        heads = try vision.size("num_attention_heads")
        patch = try vision.size("patch_size")
        guard patch <= 1 << 12 else { throw .wrongValue("patch_size", .integer(patch), "a size of patches") }
        guard try vision.size("patch_temporal") == 2 else {
            throw .wrongValue("patch_temporal", vision["patch_temporal"] ?? .null, "2, as llama.cpp has it")
        }
        var size = patch
        for key in ["pos_emb_height", "merge_size"] {
            let (product, overflow) = try size.multipliedReportingOverflow(by: vision.size(key))
            guard !overflow else { throw .wrongValue(key, vision[key] ?? .null, "a size") }
            size = product
        }
        vision["image_size"] = .integer(size)
        self.vision = vision
        names = ProjectorNames(Self.own, counts: [("model.vision_tower.layers.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        let starts = ["model.vision_tower.", "model.vision_adapter.", "model.vision_projection."]
        guard starts.contains(where: { tensor.hasUTF8Prefix($0) }) else { return nil }
        return tensor
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let renamed = try names.renamed(name, value)
        if [".attn.q_proj.", ".attn.k_proj."].contains(where: { name.containsUTF8($0) }) {
            return [ConvertedTensor(renamed.name, try TowerTensors.permuted(name, value, heads))]
        }
        guard name.hasUTF8Suffix("patch_embedder.patch_embedding.weight") else { return [renamed] }
        // Both frames are the same picture, so that one convolution is the sum of two.
        guard value.shape.count == 2, let view = value.view?.split(axis: 1, into: [2, 3, patch, patch]),
            let first = view.sliced(axis: 1, 0..<1)?.dropping(axis: 1),
            let second = view.sliced(axis: 1, 1..<2)?.dropping(axis: 1)
        else { throw .wrongShape(name, value.shape, "whose rows are not two frames of \(patch) × \(patch)") }
        return [ConvertedTensor(renamed.name, .sum(first, second))]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("muse-glimmer")
        let epsilon = try vision.number("layer_norm_eps")
        metadata.set("vision.attention.layer_norm_epsilon", .float32(Float(epsilon)))
        try metadata.addNeededNumber("vision.spatial_merge_size", vision, ["merge_size"])
    }

    private static let own = TowerTensors.blocks(
        "model.vision_tower.layers",
        [
            "norm1": "ln1", "norm2": "ln2", "attn.q_proj": "attn_q", "attn.k_proj": "attn_k",
            "attn.v_proj": "attn_v", "attn.proj": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
        ]
    ).merging([
        "model.vision_tower.patch_embedder.patch_embedding": "v.patch_embd",
        "model.vision_tower.patch_embedder.position_embedding_table": "v.position_embd",
        "model.vision_tower.ln_pre": "v.pre_ln", "model.vision_tower.ln_post": "v.post_ln",
        "model.vision_adapter.fc1": "mm.0", "model.vision_adapter.fc2": "mm.1",
        "model.vision_projection": "mm.2",
    ]) { $1 }
}
