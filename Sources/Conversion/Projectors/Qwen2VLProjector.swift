import Formats
import Tensors

/// The part for pictures of Qwen 2 VL and 2.5 VL, and of Sarashina 2 Vision.
struct Qwen2VLProjector: ModelProjector {
    static let classes = [
        "Qwen2VLModel", "Qwen2VLForConditionalGeneration", "Qwen2_5_VLForConditionalGeneration",
        "Sarashina2VisionForCausalLM",
    ]

    let names: ProjectorNames
    private let model: ProjectorModel
    /// The part for pictures, with its keys renamed to the common ones.
    let vision: ModelConfig
    private let isNewer: Bool

    init(_ model: ProjectorModel) throws(ConversionError) {
        // What Sarashina 2 has is the older one, whatever it is called.
        let isSarashina = ProjectorRegistry.architecture(model.raw).hasUTF8Prefix("Sarashina2")
        let kind = isSarashina ? "qwen2_vl" : model.raw["model_type"] ?? .null
        let vision = try model.vision()
        switch kind.string {
        case "qwen2_vl": try self.init(model, vision: vision, isNewer: false)
        case "qwen2_5_vl": try self.init(model, vision: vision, isNewer: true)
        default: throw .wrongValue("model_type", kind, "qwen2_vl or qwen2_5_vl")
        }
    }

    /// Begins with a part for pictures.
    /// - Parameter isNewer: whether it is as 2.5's.
    init(_ model: ProjectorModel, vision: ModelConfig, isNewer: Bool) throws(ConversionError) {
        (self.model, self.isNewer) = (model, isNewer)
        var vision = vision
        Self.fillDefaults(&vision, isNewer: isNewer)
        vision.setDefault("image_size", 560)
        vision["num_attention_heads"] = vision["num_heads"]
        vision["num_hidden_layers"] = vision["depth"]
        if let width = vision["embed_dim"] {
            vision["intermediate_size"] = vision["hidden_size"]
            vision["hidden_size"] = width
        }
        self.vision = vision
        names = ProjectorNames(
            TowerTensors.qwen.merging(isNewer ? Self.gated : Self.plain) { $1 }.merging(Self.merger) { $1 },
            counts: [("visual.blocks.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? { tensor.hasUTF8Prefix("visual.") ? tensor : nil }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try convert(name, value, names)
    }

    /// The same with the names of a model that has more than this part.
    func convert(
        _ name: String, _ value: TensorValue, _ names: ProjectorNames
    ) throws(ConversionError) -> [ConvertedTensor] {
        if name.containsUTF8(".qkv.") {
            let renamed = try names.renamed(name, value)
            return zip(["attn_q", "attn_k", "attn_v"], try TowerTensors.thirds(name, value)).map {
                ConvertedTensor(renamed.name.replacingUTF8("attn_qkv", with: $0), $1)
            }
        }
        if name.hasSameBytes(as: "visual.patch_embed.proj.weight") {
            return try TowerTensors.frames(name, value)
        }
        return [try names.renamed(name, value)]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        try addOwnParameters(to: &metadata, type: isNewer ? "qwen2.5vl_merger" : "qwen2vl_merger")
    }

    /// Adds the keys behind the common ones.
    func addOwnParameters(to metadata: inout ModelMetadata, type: String) throws(ConversionError) {
        metadata.addProjectorType(type)
        if isNewer {
            metadata["clip.use_silu"] = .bool(true)
            metadata.set("vision.n_wa_pattern", try ModelMetadata.count(vision.windowPeriod()))
        }
        metadata.set(
            "vision.attention.layer_norm_epsilon",
            try ModelMetadata.float(ModelConfig(members: model.raw.members ?? []), "rms_norm_eps", 1e-6))
    }

    private static let plain: [ExactName: String] = [
        "visual.blocks.*.mlp.fc1": "v.blk.*.ffn_up", "visual.blocks.*.mlp.fc2": "v.blk.*.ffn_down",
    ]
    private static let gated: [ExactName: String] = [
        "visual.blocks.*.mlp.gate_proj": "v.blk.*.ffn_gate", "visual.blocks.*.mlp.up_proj": "v.blk.*.ffn_up",
        "visual.blocks.*.mlp.down_proj": "v.blk.*.ffn_down",
    ]
    private static let merger: [ExactName: String] = [
        "visual.blocks.*.attn.qkv": "v.blk.*.attn_qkv", "visual.patch_embed.proj": "v.patch_embd",
        "visual.merger.ln_q": "v.post_ln", "visual.merger.mlp.0": "mm.0", "visual.merger.mlp.2": "mm.2",
    ]

    /// What transformers takes where the part states nothing.
    private static func fillDefaults(_ vision: inout ModelConfig, isNewer: Bool) {
        vision.setDefaults(["depth": 32, "hidden_size": 3584, "num_heads": 16, "patch_size": 14])
        if isNewer {
            vision.setDefaults(["intermediate_size": 3420, "fullatt_block_indexes": [7, 15, 23, 31]])
        } else {
            vision.setDefault("embed_dim", 1280)
        }
    }
}

extension ModelConfig {
    /// Each block of this number sees the whole picture, and the others windows of it.
    func windowPeriod() throws(ConversionError) -> Int {
        let key = "fullatt_block_indexes"
        let value = self[key] ?? .null
        guard let blocks = value.array, let first = blocks.first?.integer, first >= 0, first < Int(Int32.max)
        else { throw .wrongValue(key, value, "a list of blocks") }
        for (place, block) in blocks.enumerated()
        where block.integer != (first + 1).multipliedReportingOverflow(by: place + 1).partialValue &- 1 {
            throw .wrongValue(key, value, "each block after the same number of them")
        }
        return first + 1
    }
}
