import Formats
import Tensors

/// The parts for pictures and, in E2B and E4B, sound of Gemma 4.
struct Gemma4Projector: ModelProjector {
    static let classes = ["Gemma4ForConditionalGeneration"]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let sound: Gemma4Sound?

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        let hears = model.raw["audio_config"]?.isTruthy == true
        sound = try hears ? Gemma4Sound(model.audio()) : nil
        var vision = try model.vision()
        // Pictures have no fixed size; the reference states this one.
        vision["image_size"] = 224
        self.vision = vision
        var names = ProjectorNames(
            Self.own, counts: [("vision_model.model.", try vision.towerDepth())],
            optional: [
                "vision_model.model.layers.*.layer_scalar", "model.vision_tower.std_bias",
                "model.vision_tower.std_scale", "model.embed_vision.embedding",
                "model.embed_vision.hard_embedding_norm", "model.embed_vision.soft_embedding_norm",
            ])
        names.ends += [".input_max", ".input_min", ".output_max", ".output_min"]
        if let sound {
            names = names.adding(sound.names.names)
            names.counts += sound.names.counts
            names.optional.formUnion(sound.names.optional)
        }
        self.names = names
    }

    func name(of tensor: String) -> String? {
        if let name = Gemma4Sound.name(of: tensor) { return name }
        guard ["model.vision_tower.", "model.embed_vision."].contains(where: { tensor.hasUTF8Prefix($0) })
        else { return nil }
        let name = tensor.replacingUTF8("model.vision_tower.encoder.", with: "vision_model.model.")
            .replacingUTF8(".linear.weight", with: ".weight")
        let isBare = ["layer_scalar", "position_embedding_table"].contains { name.hasUTF8Suffix($0) }
        return isBare ? name + ".weight" : name
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if value.shape.isEmpty, case .views(let views) = value.content {
            return [try names.renamed(name, TensorValue(views, shape: [1]))]
        }
        if let sound, sound.names[name] != nil { return try sound.convert(name, value, of: model.model) }
        guard name.hasUTF8Suffix("patch_embedder.input_proj.weight") else {
            return [try names.renamed(name, value)]
        }
        // Rows of pixels with three colours each, which llama.cpp has one colour after the other.
        guard value.shape.count == 2, let width = value.shape.last, width.isMultiple(of: 3) else {
            throw .wrongShape(name, value.shape, "whose rows are no pixels of three colours")
        }
        let side = Int(Double(width / 3).squareRoot())
        guard let view = value.view?.split(axis: 1, into: [side, side, 3]) else {
            throw .wrongShape(name, value.shape, "whose rows are no squares of pixels")
        }
        return [try names.renamed(name, TensorValue(view.swapped(2, 3).swapped(1, 2)))]
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        name.containsUTF8("position_embedding_table") ? .f32 : Gemma4Sound.type(of: name)
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        if let sound { try metadata.addAudio(model, sound.audio) }
        metadata.set("vision.projector_type", .string("gemma4v"))
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-6))
        try sound?.addParameters(to: &metadata)
    }

    private static let own = TowerTensors.blocks(
        "vision_model.model.layers",
        [
            "input_layernorm": "ln1", "post_attention_layernorm": "attn_post_norm",
            "pre_feedforward_layernorm": "ln2", "post_feedforward_layernorm": "ffn_post_norm",
            "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
            "self_attn.o_proj": "attn_out", "self_attn.q_norm": "attn_q_norm",
            "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
            "mlp.down_proj": "ffn_down", "layer_scalar": "out_scale",
        ]
    ).merging([
        "model.vision_tower.patch_embedder.input_proj": "v.patch_embd",
        "model.vision_tower.patch_embedder.position_embedding_table": "v.position_embd",
        "model.vision_tower.std_bias": "v.std_bias", "model.vision_tower.std_scale": "v.std_scale",
        "model.embed_vision.embedding": "mm.embedding",
        "model.embed_vision.hard_embedding_norm": "mm.hard_emb_norm",
        "model.embed_vision.embedding_projection": "mm.input_projection",
        "model.embed_vision.soft_embedding_norm": "mm.soft_emb_norm",
    ]) { $1 }
}
