import Formats
import Tensors

/// Mamba and Falcon Mamba: layers with a state alone.
struct Mamba: ModelArchitecture {
    static let classes = ["MambaForCausalLM", "MambaLMHeadModel", "FalconMambaForCausalLM"]
    /// The converter takes the configuration as it stands.
    static let modelTypes: [String] = []

    let name = "mamba"
    private let model: HuggingFaceModel
    private var config: ModelConfig { model.config }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        [names.without(["backbone.embedding"]), names.without(["backbone.embeddings"])]
    }

    private static let names: TensorNames = {
        var names = Mamba2Layers.names("backbone.layers.*.mixer")
        names["backbone.layers.*.mixer.norm"] = nil
        names["backbone.layers.*.mixer.x_proj"] = "blk.*.ssm_x"
        names["backbone.layers.*.norm"] = "blk.*.attn_norm"
        return TensorNames(names).adding([
            "backbone.embeddings": "token_embd", "backbone.embedding": "token_embd",
            "backbone.norm_f": "output_norm", "lm_head": "output",
        ])
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "ssm_in", "ssm_conv1d+", "ssm_x", "ssm_dt+", "ssm_a.", "ssm_d.", "ssm_out"])
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var tensor = try Self.names.renamed(name, value, self.name)
        if tensor.name == "output.weight", model.repeatsEmbeddings { return [] }
        if tensor.name.hasUTF8Suffix(".ssm_conv1d.weight") {
            tensor.value = StateSpace.squeezed(name, value)
        }
        tensor.value = StateSpace.decay(name, tensor.value)
        return [tensor]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let width = try config.size("hidden_size", "d_model")
        let inner = try config.size(["intermediate_size", "d_inner"], otherwise: 2 * width)
        guard inner == 2 * width else {
            throw ConversionError(
                .configValueWrong,
                "config.json: layers have \(inner) elements inside, and llama.cpp has twice \(width) alone",
                fix: "check that it is the config.json of this model")
        }
        let rank = try config.size(["time_step_rank", "dt_rank"], otherwise: (width + 15) / 16)
        for (key, count) in [
            // The state forgets, so that no length is too long.
            ("context_length", 1 << 20), ("embedding_length", width), ("feed_forward_length", 0),
            ("attention.head_count", 0), ("block_count", try config.blockCount()),
            ("ssm.conv_kernel", try config.size(["conv_kernel", "d_conv"], otherwise: 4)),
            ("ssm.inner_size", inner),
            ("ssm.state_size", try config.size(["state_size", "d_state"], otherwise: 16)),
            ("ssm.time_step_rank", rank),
        ] { metadata.set(key, try ModelMetadata.count(count)) }
        let epsilon = config.first(["layer_norm_epsilon", "rms_norm_eps"])?.double ?? 0
        metadata.set(
            "attention.layer_norm_rms_epsilon", .float32(epsilon == 0 ? 1e-5 : Float(epsilon)))
        metadata.set("ssm.dt_b_c_rms", .bool(config["model_type"]?.isText("falcon_mamba") == true))
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        let step = try config.size(["pad_vocab_size_multiple"], otherwise: 8)
        let padded = try vocabulary.padded(toMultipleOf: step)
        if model.files["tokenizer.json"] == nil, vocabulary.hasSentencePiece {
            try padded.addSentencePiece(to: &metadata)
        } else {
            try padded.addBPE(to: &metadata)
        }
    }
}
