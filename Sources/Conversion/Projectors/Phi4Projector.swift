import Formats
import Tensors

/// The part for pictures of Phi 4: SigLIP 2 without its last block, since the one before it is what the text sees.
struct Phi4Projector: ModelProjector {
    static let classes = ["Phi4ForCausalLMV"]
    static let leftOut = ["vision_tower.", "model.vision_tower."]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let patch: Int
    /// The block that is left out.
    private let last: Int

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        let depth = try vision.towerDepth()
        guard depth > 1 else { throw .wrongValue("num_hidden_layers", .integer(depth), "more than 1") }
        last = depth - 1
        if let key = ProjectorModel.blockKeys.first(where: { vision[$0] != nil }) {
            vision[key] = .integer(depth - 1)
        }
        patch = try model.preprocessor.size("patch_size")
        guard patch <= 1 << 14 else { throw .wrongValue("patch_size", .integer(patch), "a size of patches") }
        vision["patch_size"] = .integer(patch)
        let end = "vision_model.embeddings.position_embedding.weight"
        guard let positions = model.model.tensors.first(where: { $0.name.hasUTF8Suffix(end) }) else {
            throw .missingTensor("vision_tower.\(end)")
        }
        let count = positions.shape.first ?? 0
        let side = Int(Double(count).squareRoot())
        guard side > 0, side <= 1 << 14, side * side == count else {
            throw .wrongShape(positions.name, positions.shape, "which is not that of a square of patches")
        }
        vision["image_size"] = .integer(side * patch)
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.siglip("vision_tower.vision_model.").filter {
                !$0.key.text.containsUTF8("post_layernorm")
            }
            .merging(["mm_projector.0": "mm.0", "mm_projector.2": "mm.2"]) { $1 },
            counts: [("vision_tower.vision_model.encoder.layers.", depth - 1)])
    }

    func name(of tensor: String) -> String? {
        let name = tensor.replacingUTF8("model.vision_tower.vision_tower.", with: "vision_tower.")
            .replacingUTF8("model.mm_projector.", with: "mm_projector.")
        let isOwn = ["vision_tower.", "mm_projector."].contains { name.hasUTF8Prefix($0) }
        let others = [".vision_model.head.", ".vision_model.post_layernorm.", "encoder.layers.\(last)."]
        return isOwn && !others.contains { name.containsUTF8($0) } ? name : nil
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.hasUTF8Suffix("vision_model.embeddings.patch_embedding.weight") else {
            return [try names.renamed(name, value)]
        }
        guard let view = value.view, view.shape.count == 2, view.shape[1].isMultiple(of: patch * patch),
            let split = view.split(axis: 1, into: [patch, patch, view.shape[1] / (patch * patch)])
        else { throw .wrongShape(name, value.shape, "whose rows are not patches of \(patch) × \(patch)") }
        return [try names.renamed(name, TensorValue(split.swapped(2, 3).swapped(1, 2)))]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("phi4")
        for (key, own) in [
            ("vision.image_min_pixels", "min_num_patches"), ("vision.image_max_pixels", "max_num_patches"),
        ] {
            guard let stated = model.preprocessor.first([own]) ?? model.raw[own] else {
                throw ModelConfig.missing([own])
            }
            guard let count = stated.integer, count > 0, count <= Int(Int32.max) else {
                throw .wrongValue(own, stated, "a number of patches")
            }
            metadata.set(key, try ModelMetadata.count(count * patch * patch))
        }
        metadata["clip.use_gelu"] = .bool(true)
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-6))
    }
}
