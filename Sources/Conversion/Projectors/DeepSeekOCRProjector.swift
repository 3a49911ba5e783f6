import Formats
import Tensors

/// The part for pictures of DeepSeek-OCR and Unlimited-OCR: SAM's encoder, and CLIP's behind it.
struct DeepSeekOCRProjector: ModelProjector {
    static let classes = ["DeepseekOCRForCausalLM", "UnlimitedOCRForCausalLM"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let sam: ModelConfig
    private let isUnlimited: Bool

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        isUnlimited = ProjectorRegistry.architecture(model.raw).hasUTF8Prefix("Unlimited")
        var vision = try model.vision()
        let width = vision["width"] ?? .null
        guard let sam = width["sam_vit_b"]?.members, let clip = width["clip-l-14-224"]?.members else {
            throw .wrongValue("width", width, "the sizes of SAM and CLIP")
        }
        self.sam = ModelConfig(members: sam)
        for member in clip { vision[member.key] = member.value }
        vision["hidden_size"] = vision["width"]
        if let heads = vision.first(["heads"]) {
            guard let count = heads.integer, count > 0, count < 4096 else {
                throw .wrongValue("heads", heads, "a number of heads")
            }
            vision["num_heads"] = heads
            vision["intermediate_size"] = .integer(count * 4)
        }
        self.vision = vision
        let depth = try vision.towerDepth()
        let samDepth = try self.sam.size("layers")
        names = ProjectorNames(
            Self.clip.merging(Self.samNames) { $1 },
            counts: [
                ("model.vision_model.transformer.", depth), ("model.sam_model.blocks.", samDepth),
            ])
    }

    func name(of tensor: String) -> String? {
        let starts = ["model.sam_model.", "model.vision_model.", "model.projector."]
        let others = ["model.image_newline", "model.view_seperator"]
        guard starts.contains(where: { tensor.hasUTF8Prefix($0) }) || others.containsExactly(tensor) else {
            return nil
        }
        return Self.named(tensor)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try names.renamed(name, Self.row(name, value))]
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        Self.isWide(name) ? .f32 : nil
    }

    /// Whether a tensor keeps 32 bits, by its name in the checkpoint.
    static func isWide(_ name: String) -> Bool {
        [".embeddings.", "pos_embed", ".rel_pos_h", ".rel_pos_w", ".neck.", ".net_"].contains {
            name.containsUTF8($0)
        }
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addOCR("deepseekocr", model, vision, sam, tiles: isUnlimited ? 32 : 9)
    }

    private static let clip = TowerTensors.blocks(
        "model.vision_model.transformer.layers",
        [
            "layer_norm1": "ln1", "layer_norm2": "ln2", "self_attn.qkv_proj": "attn_qkv",
            "self_attn.out_proj": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
        ]
    ).merging([
        "model.vision_model.embeddings.class_embedding": "v.class_embd",
        "model.vision_model.embeddings.patch_embedding": "v.patch_embd",
        "model.vision_model.embeddings.position_embedding": "v.position_embd",
        "model.vision_model.pre_layrnorm": "v.pre_ln", "model.projector.layers": "mm.model.fc",
        "model.image_newline": "v.image_newline", "model.view_seperator": "v.view_seperator",
    ]) { $1 }

    /// The name by which a tensor of one of the projectors with SAM's encoder goes on.
    static func named(_ tensor: String) -> String {
        let isBare = ["pos_embed", "rel_pos_h", "rel_pos_w"].contains { tensor.hasUTF8Suffix($0) }
        return isBare ? tensor + ".weight" : tensor
    }

    /// What stands between views as a row; other tensors as they are.
    static func row(_ name: String, _ value: TensorValue) -> TensorValue {
        guard name.hasUTF8Suffix("view_seperator"), case .views(let views) = value.content else {
            return value
        }
        return TensorValue(views, shape: [1] + value.shape)
    }

    /// The names of SAM's encoder.
    static let samNames = TowerTensors.blocks(
        "model.sam_model.blocks",
        [
            "norm1": "pre_ln", "norm2": "post_ln", "attn.rel_pos_h": "attn.pos_h",
            "attn.rel_pos_w": "attn.pos_w", "attn.qkv": "attn.qkv", "attn.proj": "attn.out",
            "mlp.lin1": "mlp.lin1", "mlp.lin2": "mlp.lin2",
        ], as: "v.sam.blk"
    ).merging([
        "model.sam_model.pos_embed": "v.sam.pos_embd", "model.sam_model.patch_embed.proj": "v.sam.patch_embd",
        "model.sam_model.neck.0": "v.sam.neck.0", "model.sam_model.neck.1": "v.sam.neck.1",
        "model.sam_model.neck.2": "v.sam.neck.2", "model.sam_model.neck.3": "v.sam.neck.3",
        "model.sam_model.net_2": "v.sam.net_2", "model.sam_model.net_3": "v.sam.net_3",
    ]) { $1 }
}

extension ModelMetadata {
    /// Adds the keys of a projector with SAM's encoder.
    /// - Parameter tiles: into how many parts a picture is cut at most.
    mutating func addOCR(
        _ type: String, _ model: ProjectorModel, _ vision: ModelConfig, _ sam: ModelConfig, tiles: UInt32
    ) throws(ConversionError) {
        try addVision(model, vision)
        addProjectorType(type)
        set("vision.attention.layer_norm_epsilon", try Self.float(vision, "layer_norm_eps", 1e-6))
        self["clip.use_gelu"] = .bool(true)
        try addTokenFactor(model, vision)
        let window = try vision["window_size"] == nil ? 14 : vision.size("window_size")
        set("vision.window_size", try Self.count(window))
        set("vision.preproc_min_tiles", .uint32(2))
        set("vision.preproc_max_tiles", .uint32(tiles))
        try addNeededNumber("vision.sam.block_count", sam, ["layers"])
        try addNeededNumber("vision.sam.embedding_length", sam, ["width"])
        try addNeededNumber("vision.sam.head_count", sam, ["heads"])
    }
}
