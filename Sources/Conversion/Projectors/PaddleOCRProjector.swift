import Formats
import Tensors

/// The part for pictures of PaddleOCR-VL: a SigLIP of any size, and two matrices.
struct PaddleOCRProjector: ModelProjector {
    static let classes = ["PaddleOCRVisionModel"]
    static let leftOut = [
        "visual.vision_model.head.", "visual.vision_model.embeddings.packing_position_embedding.",
    ]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        let pixels = try model.preprocessor.size("max_pixels")
        vision["image_size"] = .integer(Int(Double(pixels).squareRoot()))
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.siglip("model.vision_model.").merging([
                "mlp_AR.pre_norm": "mm.input_norm", "mlp_AR.linear_1": "mm.1", "mlp_AR.linear_2": "mm.2",
            ]) { $1 }, counts: [("model.vision_model.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        guard ["vision_model", "mlp_AR"].contains(where: { tensor.containsUTF8($0) }),
            !["packing_position_embedding", "vision_model.head"].contains(where: { tensor.containsUTF8($0) })
        else { return nil }
        return tensor.replacingUTF8("visual.", with: "model.")
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("paddleocr")
        try metadata.addNeededNumber("vision.image_max_pixels", model.preprocessor, ["max_pixels"])
        try metadata.addNeededNumber("vision.image_min_pixels", model.preprocessor, ["min_pixels"])
        metadata["clip.use_gelu"] = .bool(true)
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "rms_norm_eps", 1e-6))
    }
}
