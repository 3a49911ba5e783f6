import Formats
import Glibc
import Tensors

/// Inception's first Jais: GPT-2 with gates, and distances in the place of positions.
struct Jais: ModelArchitecture {
    static let classes = ["JAISLMHeadModel"]
    static let modelTypes: [String] = []

    let name = "jais"
    private let model: HuggingFaceModel
    /// What embeddings and the output's weights are multiplied by.
    private let scales: (embeddings: Double, output: Double)

    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names: TensorNames = {
        var names: [ExactName: String] = [
            "lm_head": "output", "transformer.wte": "token_embd", "transformer.ln_f": "output_norm",
        ]
        for (name, inGGUF) in [
            "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output",
            "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_fc2": "ffn_gate", "mlp.c_proj": "ffn_down",
        ] { names["transformer.h.*.\(name)"] = "blk.*.\(inGGUF)" }
        return TensorNames(names)
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "output_norm+", "output"], block: RequiredTensors.biased + ["ffn_gate+"])
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        let config = model.config
        guard config["activation_function"]?.isText("swiglu") == true else {
            throw Self.wrong("activation_function", "swiglu")
        }
        guard config["position_embedding_type"]?.isText("alibi") == true else {
            throw Self.wrong("position_embedding_type", "alibi")
        }
        let isScaled = config["mup_output_alpha"] != nil
        let embeddings = try config.number(
            config["mup_embeddings_scale"] != nil ? "mup_embeddings_scale" : "embeddings_scale")
        let output =
            isScaled
            ? try config.number("mup_output_alpha") * config.number("mup_width_scale")
            : try config.number("width_scale")
        scales = (embeddings, output)
    }

    private static func wrong(_ key: String, _ value: String) -> ConversionError {
        ConversionError(
            .configValueWrong, "config.json: \"\(key)\" is not \"\(value)\", as llama.cpp has this family",
            fix: "check that it is the config.json of this model")
    }

    /// All but masks.
    static func name(of tensor: String) -> String? {
        tensor.hasUTF8Suffix(".attn.bias") ? nil : TextTensors.name(of: tensor)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.hasUTF8Suffix("relative_pe.slopes") { return [] }
        var tensor = try Self.names.renamed(name, value, self.name)
        let transposed = [".c_attn.weight", ".c_proj.weight", ".c_fc.weight", ".c_fc2.weight"]
        if transposed.contains(where: { name.hasUTF8Suffix($0) }) {
            guard value.shape.count == 2, let view = value.view else {
                throw .wrongShape(name, value.shape, "which is not a matrix")
            }
            tensor.value = TensorValue(view.swapped(0, 1))
        }
        for (own, scale) in [("token_embd.weight", scales.embeddings), ("output.weight", scales.output)]
        where tensor.name == own {
            tensor.value.operations.append(.multiply(Float(scale)))
        }
        return [tensor]
    }

    /// How fast what is far away counts less, out of the first head's slope.
    func addFirstParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        let heads = try model.config.size("n_head")
        let stored = model.storedTensors.first { $0.name.hasUTF8Suffix("relative_pe.slopes") }
        guard let stored else { return metadata.set("attention.max_alibi_bias", .float32(8)) }
        guard let slope = try StoredNumbers.floats(stored.name, of: model)?.first else { return }
        let nearest = pow(2, floor(log2(Double(heads))))
        let bias = -(log2(Double(slope)) * nearest).rounded(.toNearestOrEven)
        guard bias.isFinite else {
            throw .wrongShape(stored.name, stored.shape, "whose first number is no slope")
        }
        metadata.set("attention.max_alibi_bias", .float32(Float(bias)))
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let config = model.config
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        for (key, own) in [
            ("context_length", "n_positions"), ("embedding_length", "n_embd"),
            ("feed_forward_length", "n_inner"), ("attention.head_count", "n_head"),
        ] { try metadata.addNeededCount(key, config, [own]) }
        metadata.set(
            "attention.layer_norm_epsilon", .float32(Float(try config.number("layer_norm_epsilon"))))
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
