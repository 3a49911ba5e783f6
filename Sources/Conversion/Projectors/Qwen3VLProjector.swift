import Formats
import Tensors

/// The part for pictures of Qwen 3 VL, 3.5 and 4 Exp: some of its blocks go into the first layers of the text a second time.
struct Qwen3VLProjector: ModelProjector {
    static let classes = [
        "Qwen3VLForConditionalGeneration", "Qwen3VLMoeForConditionalGeneration",
        "Qwen3_5ForConditionalGeneration", "Qwen3_5MoeForConditionalGeneration",
        "Qwen4ExpForConditionalGeneration",
    ]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    /// The blocks that go into the text twice.
    private let deep: [Int]

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        if ["qwen3_vl", "qwen3_vl_moe"].contains(where: { model.raw["model_type"]?.isText($0) ?? false }) {
            vision.setDefaults([
                "depth": 27, "hidden_size": 1152, "intermediate_size": 4304, "num_heads": 16,
                "patch_size": 16,
                "spatial_merge_size": 2, "num_position_embeddings": 2304,
                "deepstack_visual_indexes": [8, 16, 24],
            ])
        }
        try vision.setPictureSize()
        vision["num_attention_heads"] = vision["num_heads"]
        vision["num_hidden_layers"] = vision["depth"]
        self.vision = vision
        let depth = try vision.towerDepth()
        let stated = vision["deepstack_visual_indexes"] ?? []
        let deep = (stated.array ?? []).compactMap(\.integer)
        guard deep.count == stated.array?.count, deep.allSatisfy({ (0..<depth).contains($0) }) else {
            throw .wrongValue("deepstack_visual_indexes", stated, "a list of blocks")
        }
        self.deep = deep
        names = ProjectorNames(
            TowerTensors.qwen3.merging(Self.own) { $1 },
            counts: [("visual.blocks.", depth), ("visual.deepstack_merger_list.", deep.count)])
    }

    func name(of tensor: String) -> String? { TowerTensors.visual(tensor) }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasSameBytes(as: "visual.patch_embed.proj.weight") {
            return try TowerTensors.frames(name, value)
        }
        var tensor = try names.renamed(name, value)
        if name.hasUTF8Prefix("visual.deepstack_merger_list."),
            let (key, place) = ProjectorNames.starred(tensor.name), let place = Int(place)
        {
            tensor.name = key.replacingUTF8("*", with: "\(deep[place])")
        }
        return [tensor]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("qwen3vl_merger")
        try metadata.addQwen3VL(model, vision)
        let depth = try vision.towerDepth()
        metadata.set("vision.is_deepstack_layers", .bools((0..<depth).map { deep.contains($0) }))
    }

    private static let own: [ExactName: String] = [
        "visual.merger.norm": "v.post_ln",
        "visual.merger.linear_fc1": "mm.0", "visual.merger.linear_fc2": "mm.2",
        "visual.deepstack_merger_list.*.norm": "v.deepstack.*.norm",
        "visual.deepstack_merger_list.*.linear_fc1": "v.deepstack.*.fc1",
        "visual.deepstack_merger_list.*.linear_fc2": "v.deepstack.*.fc2",
    ]
}

extension ModelConfig {
    /// Sets how large pictures are by how many positions there are, where it is not stated.
    mutating func setPictureSize() throws(ConversionError) {
        guard self["image_size"] == nil else { return }
        let positions = try self["num_position_embeddings"] == nil ? 2304 : size("num_position_embeddings")
        let patch = try self["patch_size"] == nil ? 16 : size("patch_size")
        guard let size = Int(exactly: (Double(positions).squareRoot() * Double(patch)).rounded(.towardZero))
        else { return }
        self["image_size"] = .integer(size)
    }
}

extension ModelMetadata {
    /// Adds what a tower of Qwen 3 VL's kind has of its own.
    mutating func addQwen3VL(_ model: ProjectorModel, _ vision: ModelConfig) throws(ConversionError) {
        self["clip.use_gelu"] = .bool(true)
        if vision.first(["spatial_merge_size"]) != nil {
            try addNeededNumber("vision.spatial_merge_size", vision, ["spatial_merge_size"])
        }
        let text = model.part("text_config") ?? ModelConfig(members: [])
        set("vision.attention.layer_norm_epsilon", try Self.float(text, "rms_norm_eps", 1e-6))
    }
}
