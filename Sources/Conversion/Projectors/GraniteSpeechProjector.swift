import Formats
import Tensors

/// The part for sound of Granite Speech: a conformer, and a transformer that asks it questions.
struct GraniteSpeechProjector: ModelProjector {
    static let classes = [
        "GraniteSpeechForConditionalGeneration", "GraniteSpeechPlusForConditionalGeneration",
    ]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let audio: ModelConfig
    private let questions: ModelConfig
    private let isPlus: Bool
    private var norms = FoldedNorms()

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        isPlus = ProjectorRegistry.architecture(model.raw).hasUTF8Prefix("GraniteSpeechPlus")
        guard var audio = model.part("encoder_config") else { throw ModelConfig.missing(["encoder_config"]) }
        guard let questions = model.part("projector_config") else {
            throw ModelConfig.missing(["projector_config"])
        }
        self.questions = questions
        audio["hidden_size"] = audio["hidden_dim"]
        audio["intermediate_size"] = .integer(
            try audio.size("hidden_dim") * audio.size("feedforward_mult"))
        audio["num_attention_heads"] = audio["num_heads"]
        audio["num_hidden_layers"] = audio["num_layers"]
        self.audio = audio
        var names = ProjectorNames(
            Self.blocks.merging(Self.layers) { $1 }.merging([
                "encoder.input_linear": "a.input_projection", "encoder.out": "a.enc_ctc_out",
                "encoder.out_mid": "a.enc_ctc_out_mid", "projector.query": "a.proj_query",
                "projector.qformer.layernorm": "a.proj_norm", "projector.linear": "a.proj_linear",
            ]) { $1 },
            counts: [
                ("encoder.layers.", try audio.towerDepth()),
                ("projector.qformer.encoder.layer.", try questions.towerDepth()),
            ])
        names.ends += [".running_mean", ".running_var"]
        self.names = names
    }

    func name(of tensor: String) -> String? {
        tensor.hasUTF8Prefix("encoder.") || tensor.hasUTF8Prefix("projector.") ? tensor : nil
    }

    mutating func convert(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        // Of training.
        if ["attention_dists", "num_batches_tracked"].contains(where: { name.containsUTF8($0) }) {
            return []
        }
        var renamed = try names.renamed(name, value)
        if let folded = try norms.convert(name, value, names, of: model.model) { return folded }
        if name.hasUTF8Suffix(".attn.to_kv.weight") {
            return try TowerTensors.halves(
                name, renamed, "attn_kv", ["attn_k", "attn_v"], "keys and values")
        }
        let isPoint = ["up_conv", "down_conv"].contains { name.containsUTF8($0) }
        if name.hasUTF8Suffix(".weight"), isPoint, value.shape.count == 3, value.shape[2] == 1 {
            renamed.value = try TowerTensors.dropping(axis: 2, name, value)
        } else if name.hasUTF8Suffix(".weight"), name.containsUTF8("depth_conv"), value.shape.count == 3,
            value.shape[1] == 1
        {
            renamed.value = try TowerTensors.dropping(axis: 1, name, value)
        }
        return [renamed]
    }

    /// The reference has another name for the norms over batches than `clip.cpp` of llama.cpp asks for.
    var findings: [ForeignFinding] {
        [
            ForeignFinding(
                file: "config.json", key: "encoder_config.model_type", weight: .warning,
                reason: "is Granite Speech's: norms are called conv_norm_var in the file, as the reference "
                    + "converter writes it, and llama.cpp 0c1e57098 does not load it so")
        ]
    }

    func finish() throws(ConversionError) {
        guard norms.missing.isEmpty else { throw .missingTensors(norms.missing) }
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        name.containsUTF8(".conv") && name.containsUTF8(".weight") ? .f32 : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addAudio(model, audio)
        metadata.addProjectorType("granite_speech")
        try metadata.addNeededNumber("audio.num_mel_bins", audio, ["input_dim"])
        metadata.set("audio.attention.layer_norm_epsilon", .float32(1e-5))
        try metadata.addNeededNumber("audio.chunk_size", audio, ["context_size"])
        try metadata.addNeededNumber("audio.conv_kernel_size", audio, ["conv_kernel_size"])
        try metadata.addNeededNumber("audio.max_pos_emb", audio, ["max_pos_emb"])
        let whole = ModelConfig(members: model.raw.members ?? [])
        try metadata.addNeededNumber("audio.projector.window_size", whole, ["window_size"])
        try metadata.addNeededNumber("audio.projector.downsample_rate", whole, ["downsample_rate"])
        try metadata.addNeededNumber("audio.projector.head_count", questions, ["num_attention_heads"])
        guard isPlus, let stated = audio["cat_hidden_layers"], stated.isTruthy else { return }
        let layers = (stated.array ?? []).compactMap { $0.integer.flatMap(Int32.init(exactly:)) }
        guard layers.count == stated.array?.count, !layers.isEmpty else {
            throw .wrongValue("cat_hidden_layers", stated, "a list of layers")
        }
        let joined = try audio.size("hidden_size") * (layers.count + 1)
        let width = questions["encoder_hidden_size"]
        guard width?.integer == joined else {
            throw .wrongValue(
                "encoder_hidden_size", width ?? .null,
                "\(layers.count + 1) times the length that the encoder's layers have")
        }
        metadata.set("audio.feature_layer", .int32s(layers))
    }

    private static let blocks = TowerTensors.blocks(
        "encoder.layers",
        [
            "attn.pre_norm": "ln1", "attn.to_q": "attn_q", "attn.to_kv": "attn_kv", "attn.to_out": "attn_out",
            "attn.rel_pos_emb.weight": "attn_rel_pos_emb", "post_norm": "ln2", "ff1.pre_norm": "ffn_norm",
            "ff1.up_proj": "ffn_up", "ff1.down_proj": "ffn_down", "ff2.pre_norm": "ffn_norm_1",
            "ff2.up_proj": "ffn_up_1", "ff2.down_proj": "ffn_down_1", "conv.norm": "norm_conv",
            "conv.up_conv": "conv_pw1", "conv.down_conv": "conv_pw2", "conv.depth_conv.conv": "conv_dw",
            "conv.batch_norm": "conv_norm_var",
        ], as: "a.blk")

    private static let layers = TowerTensors.blocks(
        "projector.qformer.encoder.layer", TowerTensors.questions, as: "a.proj_blk")
}
