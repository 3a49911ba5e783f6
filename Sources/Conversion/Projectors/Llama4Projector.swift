import Formats
import Tensors

/// The part for pictures of Llama 4.
struct Llama4Projector: ModelProjector {
    static let classes = ["Llama4ForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        vision.setDefaults([
            "hidden_size": 768, "hidden_act": "gelu", "num_hidden_layers": 34, "intermediate_size": 5632,
            "image_size": 448, "patch_size": 14, "norm_eps": .number(1e-5), "num_attention_heads": 16,
            "pixel_shuffle_ratio": .number(0.5),
        ])
        guard vision["hidden_act"]?.isText("gelu") ?? false else {
            throw .wrongValue("hidden_act", vision["hidden_act"] ?? .null, "gelu")
        }
        self.vision = vision
        names = ProjectorNames(Self.own, counts: [("vision_model.model.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? {
        if tensor.containsUTF8("language_model.") { return nil }
        guard ["multi_modal_projector", "vision_model"].contains(where: { tensor.containsUTF8($0) }) else {
            return nil
        }
        let isBare = tensor.containsUTF8("positional_embedding_vlm") && !tensor.containsUTF8(".weight")
        return isBare ? tensor + ".weight" : tensor
    }

    /// The reference found another tensor's name for the norm before the inner layers when Gemma 4 came, and `clip.cpp` of
    /// llama.cpp puts that norm behind attention.
    var findings: [ForeignFinding] {
        [
            ForeignFinding(
                file: "config.json", key: "vision_config.model_type", weight: .warning,
                reason:
                    "is Llama 4's: the second norm of each block is called attn_post_norm in the file, as the "
                    + "reference converter writes it, and llama.cpp 0c1e57098 computes other embeddings with it"
            )
        ]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("llama4")
        metadata.set("vision.attention.layer_norm_epsilon", .float32(Float(try vision.number("norm_eps"))))
        metadata.set(
            "vision.projector.scale_factor",
            try ModelMetadata.inverse(vision.number("pixel_shuffle_ratio"), "pixel_shuffle_ratio"))
        metadata["clip.use_gelu"] = .bool(true)
    }

    private static let own = TowerTensors.blocks(
        "vision_model.model.layers",
        [
            "input_layernorm": "ln1", "post_attention_layernorm": "attn_post_norm",
            "self_attn.q_proj": "attn_q",
            "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_out",
            "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down",
        ]
    ).merging([
        "vision_model.class_embedding": "v.class_embd",
        "vision_model.positional_embedding_vlm": "v.position_embd",
        "vision_model.patch_embedding.linear": "v.patch_embd", "vision_model.layernorm_pre": "v.pre_ln",
        "vision_model.layernorm_post": "v.post_ln", "vision_model.vision_adapter.mlp.fc1": "mm.model.mlp.1",
        "vision_model.vision_adapter.mlp.fc2": "mm.model.mlp.2",
        "multi_modal_projector.linear_1": "mm.model.fc",
    ]) { $1 }
}
