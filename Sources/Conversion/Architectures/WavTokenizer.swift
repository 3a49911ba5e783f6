import Formats
import Tensors

/// What makes sound of WavTokenizer's numbers: convolutions, and no tokens of text.
struct WavTokenizer: ModelArchitecture {
    static let classes = ["WavTokenizerDec"]
    static let modelTypes: [String] = []

    let name = "wavtokenizer-dec"
    private let config: ModelConfig

    private static let names: TensorNames = {
        var names: [ExactName: String] = [
            "backbone.embedding": "token_embd", "backbone.embeddings": "token_embd",
            "backbone.norm": "token_embd_norm", "backbone.final_layer_norm": "output_norm",
            "head.out": "output", "backbone.embed": "conv1d",
        ]
        for (name, inGGUF) in [
            "dwconv": "dw", "norm": "norm", "pwconv1": "pw1", "pwconv2": "pw2", "gamma": "gamma",
        ] { names[ExactName("backbone.convnext.*.\(name)")] = "convnext.*.\(inGGUF)" }
        for (name, inGGUF) in [
            "conv1": "conv1", "conv2": "conv2", "norm": "attn_norm", "norm1": "norm1", "norm2": "norm2",
            "q": "attn_q", "k": "attn_k", "v": "attn_v", "proj_out": "attn_output",
        ] { names[ExactName("backbone.posnet.*.\(name)")] = "posnet.*.\(inGGUF)" }
        return TensorNames(names)
    }()

    static func spellings(_ config: ModelConfig) -> [TensorNames] { [names.without(["backbone.embeddings"])] }

    /// A part of the configuration.
    private static func part(_ config: ModelConfig, _ key: String) -> ModelConfig {
        ModelConfig(members: config[key]?.members ?? [])
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        func count(_ key: String) -> Int { min(max(part(config, key)["n_layer"]?.wholeNumber ?? 0, 0), 512) }
        var whole = ["token_embd", "token_embd_norm+", "conv1d+", "output_norm+", "output+"]
        for layer in 0..<count("posnet") {
            // Attention is in the middle, a norm behind all.
            let parts =
                layer == 2
                ? ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"]
                : layer == 5 ? ["attn_norm"] : ["norm1", "conv1", "norm2", "conv2"]
            whole += parts.map { "posnet.\(layer).\($0)+" }
        }
        for layer in 0..<count("convnext") {
            whole += ["dw+", "norm+", "pw1+", "pw2+", "gamma"].map { "convnext.\(layer).\($0)" }
        }
        return RequiredTensors(whole, block: [])
    }

    /// Without what only training counts.
    static func name(of tensor: String) -> String? {
        let unused = ["cluster_size", "embed_avg", "inited"]
        if unused.contains(where: { tensor.hasUTF8Suffix("codebook.\($0)") }) { return nil }
        return TextTensors.name(of: tensor)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) { config = model.config }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        for (key, own) in [
            ("vocab_size", "vocab_size"), ("features_length", "n_embd_features"),
            ("feed_forward_length", "n_ff"),
        ] { try metadata.addNeededCount(key, config, [own]) }
        try metadata.addNeededFloat("attention.group_norm_epsilon", config, "group_norm_epsilon")
        try metadata.addNeededCount("attention.group_norm_groups", config, ["group_norm_groups"])
        for part in ["posnet", "convnext"] {
            let own = Self.part(config, part)
            try metadata.addNeededCount("\(part).embedding_length", own, ["n_embd"])
            try metadata.addNeededCount("\(part).block_count", own, ["n_layer"])
        }
        metadata.set("attention.causal", .bool(false))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        metadata["tokenizer.ggml.model"] = .string("none")
    }
}
