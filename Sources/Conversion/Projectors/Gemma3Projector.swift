import Formats
import Tensors

/// The part for pictures of Gemma 3: SigLIP, and a matrix.
struct Gemma3Projector: ModelProjector {
    static let classes = ["Gemma3ForConditionalGeneration"]
    static let leftOut = ["vision_tower.vision_model.head.", "vision_model.head."]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        vision.setSiglipDefaults()
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.siglip("vision_tower.vision_model.").merging([
                "multi_modal_projector.mm_input_projection": "mm.input_projection",
                "multi_modal_projector.mm_soft_emb_norm": "mm.soft_emb_norm",
            ]) { $1 }, counts: [("vision_tower.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        let starts = ["multi_modal_projector.", "vision_tower."]
        guard starts.contains(where: { tensor.hasUTF8Prefix($0) }), !tensor.containsUTF8("vision_model.head.")
        else { return nil }
        return tensor.replacingUTF8("_weight", with: ".weight")
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        // It belongs to Gemma's part, which adds 1; the others are SigLIP's.
        let isShifted = name.containsUTF8("soft_emb_norm.weight")
        return [try names.renamed(name, isShifted ? value.adding(1) : value)]
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        if name.containsUTF8("input_projection") { return .f16 }
        return name.containsUTF8(".embeddings.") ? .f32 : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("gemma3")
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-6))
        metadata["clip.use_gelu"] = .bool(true)
        try metadata.addTokenFactor(model, vision)
    }
}

extension ModelMetadata {
    /// Adds how many patches become one token, along each side, where it is not Gemma's own number.
    mutating func addTokenFactor(_ model: ProjectorModel, _ vision: ModelConfig) throws(ConversionError) {
        let count =
            try model.preprocessor["image_seq_length"] == nil
            ? 256 : model.preprocessor.size("image_seq_length")
        let side = Int(Double(count).squareRoot())
        let patches = try vision.size("image_size") / vision.size("patch_size")
        let factor = patches / max(side, 1)
        if factor > 0, factor != 4 { set("vision.projector.scale_factor", try Self.count(factor)) }
    }
}
