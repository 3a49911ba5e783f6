import Formats
import Tensors

/// The part for pictures of InternVL, as it is published with its own code.
struct InternVLProjector: ModelProjector {
    static let classes = ["InternVisionModel"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        var vision = try model.vision()
        for key in ["image_size", "patch_size"] {
            if let first = vision[key]?.array?.first { vision[key] = first }
        }
        self.vision = vision
        names = ProjectorNames(
            Self.own, counts: [("vision_model.encoder.", try vision.towerDepth())],
            optional: [
                "vision_model.encoder.layers.*.attn.q_norm", "vision_model.encoder.layers.*.attn.k_norm",
            ])
    }

    func name(of tensor: String) -> String? {
        guard ["vision_model.", "mlp1."].contains(where: { tensor.hasUTF8Prefix($0) }) else { return nil }
        let isBare = [".ls", ".lambda_", "position_embedding"].contains { tensor.containsUTF8($0) }
        return isBare && !tensor.hasUTF8Suffix(".weight") ? tensor + ".weight" : tensor
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let renamed = try names.renamed(name, value)
        guard name.containsUTF8(".qkv.") else { return [renamed] }
        return zip(["attn_q", "attn_k", "attn_v"], try TowerTensors.thirds(name, value)).map {
            ConvertedTensor(renamed.name.replacingUTF8("attn_qkv", with: $0), $1)
        }
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType("internvl")
        metadata.set(
            "vision.attention.layer_norm_epsilon", .float32(Float(try vision.number("layer_norm_eps"))))
        try metadata.addActivation(vision)
        let whole = ModelConfig(members: model.raw.members ?? [])
        metadata.set(
            "vision.projector.scale_factor",
            try ModelMetadata.inverse(whole.number("downsample_ratio"), "downsample_ratio"))
        for (key, written) in [
            ("min_dynamic_patch", "preproc_min_tiles"), ("max_dynamic_patch", "preproc_max_tiles"),
        ] {
            guard let number = try whole.integerIfPresent(key), number > 0 else { continue }
            metadata.set("vision.\(written)", try ModelMetadata.count(number))
        }
    }

    private static let own = TowerTensors.blocks(
        "vision_model.encoder.layers",
        [
            "norm1": "ln1", "norm2": "ln2", "attn.qkv": "attn_qkv", "attn.proj": "attn_out",
            "attn.q_norm": "attn_q_norm", "attn.k_norm": "attn_k_norm", "mlp.fc1": "ffn_up",
            "mlp.fc2": "ffn_down", "ls1": "ls1", "ls2": "ls2",
        ]
    ).merging([
        "vision_model.embeddings.class_embedding": "v.class_embd",
        "vision_model.embeddings.patch_embedding": "v.patch_embd",
        "vision_model.embeddings.position_embedding": "v.position_embd",
        "mlp1.0": "mm.model.mlp.0", "mlp1.1": "mm.model.mlp.1", "mlp1.3": "mm.model.mlp.3",
    ]) { $1 }
}
