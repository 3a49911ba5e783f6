import Formats
import Tensors

/// The part for pictures of Ling 3 VL: Qwen 3 VL's tower, with a projector that stands beside it.
struct LingVLProjector: ModelProjector {
    static let classes = ["BailingMoeV3VLForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        guard vision["disable_merger_proj"]?.bool == true else {
            throw .wrongValue(
                "disable_merger_proj", vision["disable_merger_proj"] ?? .null,
                "true, with which alone the reference makes projectors")
        }
        guard vision.first(["out_hidden_size"]) != nil else { throw ModelConfig.missing(["out_hidden_size"]) }
        try vision.setPictureSize()
        vision["num_attention_heads"] = vision["num_heads"]
        vision["num_hidden_layers"] = vision["depth"]
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.qwen3.merging([
                "visual.merger.norm": "mm.input_norm", "linear_proj.0": "mm.0", "linear_proj.2": "mm.2",
            ]) { $1 }, counts: [("visual.blocks.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        tensor.hasUTF8Prefix("linear_proj.") ? tensor : TowerTensors.visual(tensor)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try TowerTensors.converted(name, value, names)
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("ling3vl")
        try metadata.addQwen3VL(model, vision)
    }
}
