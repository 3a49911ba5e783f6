import Formats
import Tensors

/// The part of Janus Pro that sees; the part that draws is left out.
struct JanusProjector: ModelProjector {
    static let classes = ["JanusForConditionalGeneration"]
    static let leftOut = ["vqmodel.", "generation_embeddings.", "generation_aligner.", "generation_head."]
        .flatMap { ["model." + $0, $0] }

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        vision.setDefaults([
            "hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "patch_size": 16,
            "image_size": 384, "layer_norm_eps": .number(1e-6), "hidden_act": "gelu", "mlp_ratio": .number(4),
            "depth": 2,
        ])
        if vision["intermediate_size"] == nil {
            let width = try Double(vision.size("hidden_size")) * vision.number("mlp_ratio")
            guard let width = Int(exactly: width.rounded(.toNearestOrEven)) else {
                throw .wrongValue("mlp_ratio", vision["mlp_ratio"] ?? .null, "a ratio")
            }
            vision["intermediate_size"] = .integer(width)
        }
        self.vision = vision
        names = ProjectorNames(
            Self.own,
            counts: [
                ("model.vision_model.encoder.", try vision.towerDepth()),
                ("model.aligner.hidden_layers.", try vision.size("depth") - 1),
            ])
    }

    func name(of tensor: String) -> String? {
        let name = tensor.hasUTF8Prefix("aligner.") ? "model." + tensor : tensor
        return ["model.vision_model.", "model.aligner."].contains { name.hasUTF8Prefix($0) } ? name : nil
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var tensor = try names.renamed(name, value)
        // The first layer of the aligner has another name.
        if name.hasUTF8Prefix("model.aligner.hidden_layers."),
            let (key, place) = ProjectorNames.starred(tensor.name), let place = Int(place)
        {
            tensor.name = key.replacingUTF8("*", with: "\(place &+ 1)")
        }
        return [tensor]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("janus_pro")
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-6))
        let activation = (vision["hidden_act"]?.string ?? "").lowercased()
        if activation.hasSameBytes(as: "gelu") { metadata["clip.use_gelu"] = .bool(true) }
        if activation.hasSameBytes(as: "silu") { metadata["clip.use_silu"] = .bool(true) }
    }

    private static let own = TowerTensors.blocks(
        "model.vision_model.encoder.layers",
        [
            "layer_norm1": "ln1", "layer_norm2": "ln2", "self_attn.q_proj": "attn_q",
            "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
            "self_attn.projection_layer": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
        ]
    ).merging([
        "model.vision_model.embeddings.patch_embedding": "v.patch_embd",
        "model.vision_model.embeddings.position_embedding": "v.position_embd",
        "model.vision_model.post_layernorm": "v.post_ln", "model.aligner.fc1": "mm.0",
        "model.aligner.hidden_layers.*": "mm.*",
    ]) { $1 }
}
