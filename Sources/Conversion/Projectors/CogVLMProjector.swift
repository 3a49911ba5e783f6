import Formats
import Tensors

/// The part for pictures of CogVLM and CogVLM 2.
struct CogVLMProjector: ModelProjector {
    static let classes = ["CogVLMForCausalLM"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        vision = try model.vision()
        names = ProjectorNames(
            Self.own, counts: [("model.vision.transformer.", try vision.towerDepth())])
    }

    func name(of tensor: String) -> String? { tensor.hasUTF8Prefix("model.vision.") ? tensor : nil }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-6))
        metadata.addProjectorType("cogvlm")
    }

    private static let own = TowerTensors.blocks(
        "model.vision.transformer.layers",
        [
            "input_layernorm": "ln1", "post_attention_layernorm": "ln2",
            "attention.query_key_value": "attn_qkv", "attention.dense": "attn_out", "mlp.fc1": "ffn_up",
            "mlp.fc2": "ffn_down",
        ]
    ).merging(
        TowerTensors.prefixed(
            "model.vision.",
            [
                "patch_embedding.cls_embedding": "v.class_embd", "patch_embedding.proj": "v.patch_embd",
                "patch_embedding.position_embedding": "v.position_embd",
                "linear_proj.linear_proj": "mm.model.fc", "linear_proj.norm1": "mm.post_fc_norm",
                "linear_proj.dense_h_to_4h": "mm.up", "linear_proj.dense_4h_to_h": "mm.down",
                "linear_proj.gate_proj": "mm.gate", "boi": "v.boi", "eoi": "v.eoi",
            ])
    ) { $1 }
}
