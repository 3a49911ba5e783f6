import Formats
import Tensors

/// The part for pictures of Pixtral, Mistral Small 3.1 and later, and LightOnOCR.
struct PixtralProjector: ModelProjector {
    static let classes = [
        "LlavaForConditionalGeneration", "Mistral3ForConditionalGeneration",
        "LightOnOCRForConditionalGeneration",
    ]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let vision: ModelConfig
    private let heads: Int
    private let isLightOn: Bool
    /// The token behind every row of a picture; `nil` where there is none.
    private let breakToken: Int?
    /// Whether its embedding was written.
    private var hasBreak = false

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        isLightOn = ProjectorRegistry.architecture(model.raw).hasUTF8Prefix("LightOn")
        var vision = try model.vision()
        let isMistral = model.raw["model_type"]?.isText("mistral3") ?? false
        if isMistral { vision.setDefault("model_type", "pixtral") }
        guard vision["model_type"]?.isText("pixtral") ?? false else {
            // The reference has no other: LLaVA's own (CLIP) are made by older programs alone.
            throw ConversionError(
                .configValueWrong,
                "of LLaVA's architecture only Pixtral's part for pictures can be converted, not "
                    + ForeignReview.shown(vision["model_type"] ?? .null),
                fix: "take a projector (mmproj) that someone made with llama.cpp")
        }
        if !isLightOn {
            vision.setDefaults([
                "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
                "num_attention_heads": 16, "patch_size": 16, "image_size": 1024, "hidden_act": "gelu",
            ])
        }
        self.vision = vision
        heads = try vision.size("num_attention_heads")
        breakToken = isLightOn ? nil : try Self.breakToken(model.model.files)
        names = ProjectorNames(
            Self.own, counts: [("vision_tower.", try vision.towerDepth())],
            optional: [
                "multi_modal_projector.norm", "multi_modal_projector.patch_merger.merging_layer",
                "embed_tokens", "model.embed_tokens",
            ])
    }

    func name(of tensor: String) -> String? {
        if tensor.containsUTF8("language_model.") { return nil }
        var tensor = tensor
        if isLightOn {
            tensor = tensor.replacingUTF8("model.vision_encoder.", with: "vision_tower.")
                .replacingUTF8("model.vision_projection.", with: "multi_modal_projector.")
        }
        let isOwn = ["multi_modal_projector.", "vision_tower."].contains { tensor.hasUTF8Prefix($0) }
        let isBreak = (breakToken ?? 0) > 0 && tensor.hasUTF8Suffix("embed_tokens.weight")
        return isOwn || isBreak ? tensor : nil
    }

    mutating func convert(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        if let breakToken, name.hasUTF8Suffix("embed_tokens.weight") {
            guard let row = value.view?.sliced(axis: 0, breakToken..<breakToken + 1)?.dropping(axis: 0) else {
                throw .wrongShape(name, value.shape, "which has no row of the token \(breakToken)")
            }
            hasBreak = true
            return [ConvertedTensor("v.token_embd.img_break", TensorValue(row))]
        }
        let isRotated = ["q_proj.weight", "q_proj.bias", "k_proj.weight", "k_proj.bias"].contains {
            name.hasUTF8Suffix($0)
        }
        return [try names.renamed(name, isRotated ? TowerTensors.permuted(name, value, heads) : value)]
    }

    /// The reference takes no tensor whose name has `language_model.` in it, and so not this one; `clip.cpp` of llama.cpp
    /// asks for it.
    var findings: [ForeignFinding] {
        if isLightOn || hasBreak { return [] }
        return [
            ForeignFinding(
                file: "config.json", key: "vision_config.model_type", weight: .warning,
                reason:
                    "is pixtral: the file has no embedding of [IMG_BREAK], as the reference converter writes it, "
                    + "and llama.cpp 0c1e57098 does not load it so")
        ]
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addVision(model, vision)
        metadata.addProjectorType(isLightOn ? "lightonocr" : "pixtral")
        metadata.set(
            "vision.attention.layer_norm_epsilon", try ModelMetadata.float(vision, "layer_norm_eps", 1e-5))
        try metadata.addActivation(vision)
        var whole = ModelConfig(members: model.raw.members ?? [])
        if whole["model_type"]?.isText("mistral3") ?? false { whole.setDefault("spatial_merge_size", 2) }
        if whole["spatial_merge_size"] != nil {
            try metadata.addNeededNumber("vision.spatial_merge_size", whole, ["spatial_merge_size"])
        }
    }

    private static func breakToken(_ files: ModelDocuments) throws(ConversionError) -> Int {
        let documents = try TokenizerDocuments(files)
        let entries = try documents.addedTokensDecoder() + documents.addedTokens()
        guard let entry = entries.first(where: { $0.text.hasSameBytes(as: "[IMG_BREAK]") }) else {
            throw ConversionError(
                .tokenMissing, "the tokenizer has no token [IMG_BREAK]",
                fix: "check that the tokenizer belongs to this model")
        }
        return entry.id
    }

    private static let own = TowerTensors.blocks(
        "vision_tower.transformer.layers",
        [
            "attention_norm": "ln1", "ffn_norm": "ln2", "attention.q_proj": "attn_q",
            "attention.k_proj": "attn_k", "attention.v_proj": "attn_v", "attention.o_proj": "attn_out",
            "feed_forward.gate_proj": "ffn_gate", "feed_forward.up_proj": "ffn_up",
            "feed_forward.down_proj": "ffn_down",
        ]
    ).merging([
        "vision_tower.patch_conv": "v.patch_embd", "vision_tower.ln_pre": "v.pre_ln",
        "multi_modal_projector.linear_1": "mm.1", "multi_modal_projector.linear_2": "mm.2",
        "multi_modal_projector.norm": "mm.input_norm",
        "multi_modal_projector.patch_merger.merging_layer": "mm.patch_merger",
        "embed_tokens": "v.token_embd.img_break", "model.embed_tokens": "v.token_embd.img_break",
    ]) { $1 }
}
