import Formats
import Tensors

/// The part for pictures of SmolVLM and Idefics 3: SigLIP, and a matrix for several patches at once.
struct SmolVLMProjector: ModelProjector {
    static let classes = ["SmolVLMForConditionalGeneration", "Idefics3ForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        vision.setDefaults([
            "hidden_size": 1152, "intermediate_size": 3072, "num_hidden_layers": 12,
            "num_attention_heads": 16, "patch_size": 32, "image_size": 224, "layer_norm_eps": .number(1e-6),
        ])
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.siglip("model.vision_model.").merging([
                "model.connector.modality_projection.proj": "mm.model.fc"
            ]) { $1 }, counts: [("model.vision_model.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        ["vision_tower", "vision_model", "model.connector"].contains { tensor.containsUTF8($0) }
            ? tensor : nil
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        name.containsUTF8(".embeddings.") ? .f32 : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("idefics3")
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-5))
        let whole = ModelConfig(members: model.raw.members ?? [])
        let factor = try whole["scale_factor"] == nil ? 2 : whole.size("scale_factor")
        metadata.set("vision.projector.scale_factor", try ModelMetadata.count(factor))
        metadata["clip.use_gelu"] = .bool(true)
        let size = ModelConfig(members: model.preprocessor["size"]?.members ?? [])
        let edge = try size["longest_edge"] == nil ? vision.size("image_size") : size.size("longest_edge")
        metadata.set("vision.preproc_image_size", try ModelMetadata.count(edge))
    }
}
