import Formats
import Tensors

/// The part for sound of LFM2-Audio that hears: a conformer. What speaks is left out.
struct Lfm2AudioProjector: ModelProjector {
    static let classes = ["Lfm2AudioForConditionalGeneration"]
    static let leftOut = [
        "lfm.", "audio_loss_weight", "codebook_offsets", "depth_embeddings.", "depth_linear.", "depthformer.",
    ]

    let names: ProjectorNames
    private let model: ProjectorModel
    private let audio: ModelConfig
    private var norms = FoldedNorms()

    init(_ model: ProjectorModel) throws(ConversionError) {
        self.model = model
        guard var audio = model.part("encoder") else { throw ModelConfig.missing(["encoder"]) }
        audio["hidden_size"] = audio["d_model"]
        audio["intermediate_size"] = audio["d_model"]
        audio["num_attention_heads"] = audio["n_heads"]
        self.audio = audio
        var names: [ExactName: String] = [
            "conformer.pre_encode.out": "a.pre_encode.out", "audio_embedding.embedding": "a.position_embd",
            "audio_embedding.embedding_norm": "a.position_embd_norm",
            "audio_embedding.to_logits": "a.embd_to_logits",
        ]
        for layer in [0, 2, 3, 5, 6] {
            names[ExactName("conformer.pre_encode.conv.\(layer)")] = "a.conv1d.\(layer)"
        }
        for layer in [0, 1, 3] { names[ExactName("audio_adapter.model.\(layer)")] = "mm.a.mlp.\(layer)" }
        var own = ProjectorNames(
            names.merging(Self.blocks) { $1 }, counts: [("conformer.layers.", try audio.towerDepth())],
            optional: [
                "audio_embedding.embedding", "audio_embedding.embedding_norm", "audio_embedding.to_logits",
            ])
        own.ends += [".running_mean", ".running_var", ".num_batches_tracked"]
        self.names = own
    }

    func name(of tensor: String) -> String? {
        Self.leftOut.contains { tensor.hasUTF8Prefix($0) } ? nil : tensor
    }

    mutating func convert(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        var renamed = try names.renamed(name, value)
        if let folded = try norms.convert(name, value, names, of: model.model) { return folded }
        if name.hasUTF8Prefix("conformer.pre_encode.conv."), name.hasUTF8Suffix(".bias"),
            let view = value.view
        {
            renamed.value = TensorValue([view], shape: value.shape + [1, 1])
        } else if name.hasUTF8Suffix(".weight"), name.containsUTF8(".conv.depthwise_conv") {
            renamed.value = try TowerTensors.dropping(axis: 1, name, value)
        } else if name.hasUTF8Suffix(".weight"), name.containsUTF8(".conv.pointwise_conv") {
            renamed.value = try TowerTensors.dropping(axis: 2, name, value)
        }
        return [renamed]
    }

    func finish() throws(ConversionError) {
        guard norms.missing.isEmpty else { throw .missingTensors(norms.missing) }
    }

    func type(of name: String, as written: String, wanted: OutputType) -> GGMLType? {
        let isConvolution =
            name.containsUTF8(".conv") || name.containsUTF8("_conv") && name.containsUTF8(".weight")
        return isConvolution ? .f32 : nil
    }

    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        try metadata.addAudio(model, audio)
        metadata.addProjectorType("lfm2a")
        try metadata.addNeededNumber("audio.num_mel_bins", audio, ["feat_in"])
        metadata.set("audio.attention.layer_norm_epsilon", .float32(1e-5))
    }

    private static let blocks = TowerTensors.blocks(
        "conformer.layers",
        [
            "self_attn.linear_q": "attn_q", "self_attn.linear_k": "attn_k", "self_attn.linear_v": "attn_v",
            "self_attn.linear_out": "attn_out", "self_attn.linear_pos": "linear_pos",
            "self_attn.pos_bias_u": "pos_bias_u", "self_attn.pos_bias_v": "pos_bias_v",
            "norm_self_att": "ln1", "norm_out": "ln2", "norm_feed_forward1": "ffn_norm",
            "feed_forward1.linear1": "ffn_up", "feed_forward1.linear2": "ffn_down",
            "norm_feed_forward2": "ffn_norm_1", "feed_forward2.linear1": "ffn_up_1",
            "feed_forward2.linear2": "ffn_down_1", "conv.depthwise_conv": "conv_dw",
            "conv.pointwise_conv1": "conv_pw1", "conv.pointwise_conv2": "conv_pw2",
            "conv.batch_norm": "conv_norm", "norm_conv": "norm_conv",
        ], as: "a.blk")
}
