import Formats
import Tensors

/// The part for pictures of LFM 2 VL: SigLIP 2 with pictures of any size.
struct Lfm2VLProjector: ModelProjector {
    static let classes = ["Lfm2VlForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        vision.setSiglipDefaults()
        // Pictures have no fixed size; the reference states this one.
        vision["image_size"] = 256
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.siglip("vision_tower.vision_model.").merging([
                "multi_modal_projector.layer_norm": "mm.input_norm", "multi_modal_projector.linear_1": "mm.1",
                "multi_modal_projector.linear_2": "mm.2",
            ]) { $1 }, counts: [("vision_tower.", try vision.towerDepth())],
            optional: ["multi_modal_projector.layer_norm"])
    }

    func name(of tensor: String) -> String? {
        ["model.vision_tower.", "model.multi_modal_projector."].contains { tensor.hasUTF8Prefix($0) }
            ? tensor.dropping(start: "model.") : nil
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.containsUTF8("patch_embedding.weight") else { return [try names.renamed(name, value)] }
        // A matrix with a row of 16 times 16 pixels of three colours.
        guard let view = value.view?.split(axis: 1, into: [16, 16, 3]) else {
            throw .wrongShape(name, value.shape, "whose rows are not 16 × 16 × 3 long")
        }
        return [try names.renamed(name, TensorValue(view.swapped(2, 3).swapped(1, 2)))]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("lfm2")
        metadata.set(
            "vision.attention.layer_norm_epsilon", .float32(Float(try vision.number("layer_norm_eps"))))
        let whole = ModelConfig(members: model.raw.members ?? [])
        let factor = try whole["downsample_factor"] == nil ? 2 : whole.size("downsample_factor")
        metadata.set("vision.projector.scale_factor", try ModelMetadata.count(factor))
        metadata["clip.use_gelu"] = .bool(true)
        // Counted from behind: -1 is the last block.
        let last = try whole["vision_feature_layer"] == nil ? -1 : whole.integer("vision_feature_layer")
        guard last < 0, last > -4096 else {
            throw .wrongValue("vision_feature_layer", .integer(last), "a number below 0")
        }
        metadata.set("vision.block_count", try ModelMetadata.count(vision.towerDepth() + last + 1))
    }
}
