import Formats
import Tensors

/// The part for pictures of Tencent's Youtu VL: SigLIP 2 with windows in some blocks.
struct YoutuProjector: ModelProjector {
    static let classes = ["YoutuVLForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        vision.setDefault("image_size", 560)
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.siglip("siglip2.vision_model.").filter {
                !$0.key.text.containsUTF8("position_embedding")
            }.merging([
                "merger.ln_q": "mm.input_norm", "merger.mlp.0": "mm.0", "merger.mlp.2": "mm.2",
            ]) { $1 },
            counts: [("siglip2.vision_model.encoder.layers.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        ["siglip2.", "merger."].contains { tensor.hasUTF8Prefix($0) } ? tensor : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("youtuvl")
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-6))
        let activation =
            vision["hidden_act"] == nil ? "gelu" : vision["hidden_act"]?.string?.lowercased() ?? ""
        if ["gelu", "gelu_pytorch_tanh", "gelu_fast", "gelu_new", "gelu_accurate"].contains(activation) {
            metadata["clip.use_gelu"] = .bool(true)
        } else if activation == "silu" {
            metadata["clip.use_silu"] = .bool(true)
        } else {
            throw .wrongValue("hidden_act", vision["hidden_act"] ?? .null, "silu or gelu")
        }
        let merge = try vision["spatial_merge_size"] == nil ? 2 : vision.size("spatial_merge_size")
        metadata.set("vision.spatial_merge_size", try ModelMetadata.count(merge))
        if vision.first(["window_size"]) != nil {
            try metadata.addNeededNumber("vision.window_size", vision, ["window_size"])
        }
        let key = "fullatt_block_indexes"
        let blocks = (vision[key]?.array ?? []).compactMap { $0.integer.flatMap(Int32.init(exactly:)) }
        guard !blocks.isEmpty, blocks.count == vision[key]?.array?.count else {
            throw .wrongValue(key, vision[key] ?? .null, "a list of blocks")
        }
        metadata.set("vision.wa_layer_indexes", .int32s(blocks))
    }
}
