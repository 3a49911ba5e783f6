import Formats
import Tensors

/// The part for sound of Gemma 4 (E2B, E4B): a conformer.
struct Gemma4Sound: Sendable {
    /// The part's keys, renamed to the common ones.
    let audio: ModelConfig
    /// What its tensors are in GGUF.
    let names: ProjectorNames

    /// Reads the part.
    /// - Throws: where it lacks a size.
    init(_ audio: ModelConfig) throws(ConversionError) {
        var audio = audio
        audio["feat_in"] = audio["input_feat_size"] ?? 128
        if audio["hidden_size"] != nil {
            audio["intermediate_size"] = .integer(try audio.size("hidden_size") * 4)
        }
        self.audio = audio
        var names = ProjectorNames(
            Self.own, counts: [("conformer.layers.", try audio.towerDepth())],
            optional: [
                "conformer.layers.*.self_attn.per_dim_key_scale", "model.embed_audio.embedding",
                "conformer.layers.*.self_attn.per_dim_scale",
                "model.embed_audio.hard_embedding_norm", "model.embed_audio.soft_embedding_norm",
            ])
        names.ends += [".input_max", ".input_min", ".output_max", ".output_min"]
        self.names = names
    }

    /// The name by which a tensor of the part goes on; `nil` for others.
    static func name(of tensor: String) -> String? {
        guard ["model.audio_tower.", "model.embed_audio."].contains(where: { tensor.hasUTF8Prefix($0) })
        else { return nil }
        let name = tensor.replacingUTF8("model.audio_tower.", with: "conformer.")
            .replacingUTF8(".linear.", with: ".")
        return isScale(name) ? name + ".weight" : name
    }

    /// Whether a tensor scales the elements of a head, of which the reference stores the softplus.
    private static func isScale(_ name: String) -> Bool {
        ["per_dim_key_scale", "per_dim_scale"].contains { name.hasUTF8Suffix($0) }
    }

    /// What is written of a tensor.
    func convert(
        _ name: String, _ value: TensorValue, of model: HuggingFaceModel
    ) throws(ConversionError) -> [ConvertedTensor] {
        if let base = name.dropping(".weight"), Self.isScale(base) {
            return [try names.renamed(name, try scale(base, value, of: model))]
        }
        guard name.containsUTF8("lconv1d.depthwise_conv1d"), name.hasUTF8Suffix(".weight") else {
            return [try names.renamed(name, value)]
        }
        return [try names.renamed(name, TowerTensors.dropping(axis: 1, name, value))]
    }

    private func scale(
        _ name: String, _ value: TensorValue, of model: HuggingFaceModel
    ) throws(ConversionError) -> TensorValue {
        let stored = name.replacingUTF8("conformer.", with: "model.audio_tower.")
        // Torch computes what is left over otherwise.
        guard value.elementCount.isMultiple(of: Softplus.vector) else {
            throw .wrongShape(
                stored, value.shape, "which is not a multiple of \(Softplus.vector) numbers")
        }
        let isHalf = model.storedTensors.contains { $0.name.hasSameBytes(as: stored) && $0.dtype == .f16 }
        let numbers = try StoredNumbers.floats(stored, of: model)
        let results = numbers?.map(Softplus.value) ?? [Float](repeating: 0, count: value.elementCount)
        return TensorValue(numbers: isHalf ? results.map { Float(Float16($0)) } : results, shape: value.shape)
    }

    /// A convolution has 32 bits in every file; `nil` for other tensors.
    /// - Parameter name: what ``name(of:)`` made of its name.
    static func type(of name: String) -> GGMLType? {
        guard name.hasUTF8Prefix("conformer.") else { return nil }
        let isConvolution =
            name.containsUTF8(".conv") || name.containsUTF8("_conv") && name.containsUTF8(".weight")
        return isConvolution ? .f32 : nil
    }

    /// Adds the keys behind the common ones.
    func addParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        metadata.set("audio.projector_type", .string("gemma4a"))
        try metadata.addNeededNumber("audio.num_mel_bins", audio, ["feat_in"])
        metadata.set(
            "audio.attention.layer_norm_epsilon", try ModelMetadata.float(audio, "layer_norm_eps", 1e-6))
    }

    private static let own = TowerTensors.blocks(
        "conformer.layers",
        [
            "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
            "self_attn.post": "attn_out", "self_attn.relative_k_proj": "attn_k_rel",
            "self_attn.per_dim_scale": "per_dim_scale", "self_attn.per_dim_key_scale": "per_dim_k_scale",
            "norm_pre_attn": "attn_pre_norm", "norm_post_attn": "attn_post_norm", "norm_out": "ln2",
            "feed_forward1.pre_layer_norm": "ffn_norm", "feed_forward1.post_layer_norm": "ffn_post_norm",
            "feed_forward1.ffw_layer_1": "ffn_up", "feed_forward1.ffw_layer_2": "ffn_down",
            "feed_forward2.pre_layer_norm": "ffn_norm_1",
            "feed_forward2.post_layer_norm": "ffn_post_norm_1", "feed_forward2.ffw_layer_1": "ffn_up_1",
            "feed_forward2.ffw_layer_2": "ffn_down_1", "lconv1d.pre_layer_norm": "conv_norm",
            "lconv1d.linear_start": "conv_pw1", "lconv1d.linear_end": "conv_pw2",
            "lconv1d.depthwise_conv1d": "conv_dw", "lconv1d.conv_norm": "norm_conv",
        ], as: "a.blk"
    ).merging([
        "conformer.subsample_conv_projection.layer0.conv": "a.conv1d.0",
        "conformer.subsample_conv_projection.layer1.conv": "a.conv1d.1",
        "conformer.subsample_conv_projection.layer0.norm": "a.conv1d.0.norm",
        "conformer.subsample_conv_projection.layer1.norm": "a.conv1d.1.norm",
        "conformer.subsample_conv_projection.input_proj_linear": "a.input_projection",
        "conformer.output_proj": "a.pre_encode.out",
        "model.embed_audio.embedding": "mm.a.embedding",
        "model.embed_audio.hard_embedding_norm": "mm.a.hard_emb_norm",
        "model.embed_audio.embedding_projection": "mm.a.input_projection",
        "model.embed_audio.soft_embedding_norm": "mm.a.soft_emb_norm",
    ]) { $1 }
}
