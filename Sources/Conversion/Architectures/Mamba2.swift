import Formats
import Tensors

/// Mamba 2 and Codestral Mamba: layers with a state alone, whose heads are scalars.
struct Mamba2: ModelArchitecture {
    static let classes = ["Mamba2ForCausalLM"]
    /// The converter takes the configuration as it stands.
    static let modelTypes: [String] = []

    let name = "mamba2"
    private let model: HuggingFaceModel
    private let layers: Mamba2Layers
    private let width: Int
    private let headLength: Int
    private var config: ModelConfig { model.config }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        [names.without(["backbone.embedding"]), names.without(["backbone.embeddings"])]
    }

    private static let names = TensorNames(Mamba2Layers.names("backbone.layers.*.mixer")).adding([
        "backbone.layers.*.norm": "blk.*.attn_norm", "backbone.embeddings": "token_embd",
        "backbone.embedding": "token_embd", "backbone.norm_f": "output_norm", "lm_head": "output",
    ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings, block: ["attn_norm"] + Mamba2Layers.required(hasBias: true))
    }

    static func name(of tensor: String) -> String? {
        let isWrapped = ["model.backbone", "model.lm_head"].contains { tensor.hasUTF8Prefix($0) }
        let name = isWrapped ? String(decoding: tensor.utf8.dropFirst(6), as: UTF8.self) : tensor
        return TextTensors.name(of: StateSpace.name(of: name))
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        let config = model.config
        width = try config.size("hidden_size", "d_model", "dim")
        let all = try width * config.size(["mamba_expand", "expand"], otherwise: 2)
        layers = try Mamba2Layers(
            groups: try config.size(["n_groups"], otherwise: 1),
            inner: try config.size(["mamba_d_ssm", "intermediate_size", "d_inner"], otherwise: all))
        headLength = try config.size(["mamba_d_head", "head_dim"], otherwise: 64)
        guard layers.inner == all, layers.inner.isMultiple(of: headLength) else {
            throw ConversionError(
                .configValueWrong,
                "config.json: heads of \(headLength) elements, \(layers.inner) of all, and a width of \(width) do not fit",
                fix: "check that it is the config.json of this model")
        }
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try layers.shaped(try Self.names.renamed(name, value, self.name), name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        for (key, count) in [
            ("context_length", 1 << 20), ("embedding_length", width), ("feed_forward_length", 0),
            ("attention.head_count", 0), ("block_count", try config.blockCount()),
            ("ssm.conv_kernel", try config.size(["conv_kernel", "d_conv"], otherwise: 4)),
            ("ssm.inner_size", layers.inner),
            ("ssm.state_size", try config.size(["state_size", "d_state"], otherwise: 128)),
            ("ssm.time_step_rank", layers.inner / headLength), ("ssm.group_count", layers.groups),
        ] { metadata.set(key, try ModelMetadata.count(count)) }
        let epsilon = config.first(["layer_norm_epsilon", "rms_norm_eps"])?.double ?? 0
        metadata.set(
            "attention.layer_norm_rms_epsilon", .float32(epsilon == 0 ? 1e-5 : Float(epsilon)))
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try Self.addVocabulary(
            to: &metadata, vocabulary,
            multiple: try config.size(["pad_vocab_size_multiple"], otherwise: 16))
    }

    /// Adds the tokenizer with as many tokens as a multiple of a number.
    static func addVocabulary(
        to metadata: inout ModelMetadata, _ vocabulary: Vocabulary, multiple: Int
    ) throws(ConversionError) {
        let padded = try vocabulary.padded(toMultipleOf: multiple)
        if vocabulary.hasSentencePiece {
            try padded.addSentencePiece(to: &metadata)
        } else {
            try padded.addBPE(to: &metadata)
        }
    }
}
