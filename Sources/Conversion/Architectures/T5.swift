import Formats
import Tensors

/// Google's T5 and what is built like it (MT5, UMT5): a stack of layers that reads, and one that writes and looks at
/// what the first has made. Of the encoder's class the first alone.
struct T5: ModelArchitecture {
    static let classes = [
        "T5ForConditionalGeneration", "T5WithLMHeadModel", "MT5ForConditionalGeneration",
        "UMT5ForConditionalGeneration", "UMT5Model", "T5EncoderModel",
    ]
    static let modelTypes = ["t5", "mt5", "umt5"]

    let name: String
    private let config: ModelConfig
    private var hasEmbeddings = false

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        // Two checkpoints of one class may differ in what they call the only layer that feeds the others.
        let plain = names.without(names.names.keys.map(\.text).filter { $0.hasUTF8Suffix(".wi_1") })
        let gated = names.without(names.names.keys.map(\.text).filter { $0.hasUTF8Suffix(".wi") })
        return [plain, gated]
    }

    private static let names: TensorNames = {
        var names: [ExactName: String] = [
            "shared": "token_embd", "lm_head": "output", "encoder.final_layer_norm": "enc.output_norm",
            "decoder.final_layer_norm": "dec.output_norm",
        ]
        for (stack, start, last) in [("encoder", "enc", 1), ("decoder", "dec", 2)] {
            let block = "\(stack).block.*.layer"
            func add(_ layer: Int, _ parts: [(String, String)]) {
                for (own, inGGUF) in parts { names["\(block).\(layer).\(own)"] = "\(start).blk.*.\(inGGUF)" }
            }
            func attention(_ part: String, _ prefix: String) -> [(String, String)] {
                [("layer_norm", "\(prefix)attn_norm")]
                    + ["q", "k", "v", "o"].map { ("\(part).\($0)", "\(prefix)attn_\($0)") }
                    + [("\(part).relative_attention_bias", "\(prefix)attn_rel_b")]
            }
            add(0, attention("SelfAttention", ""))
            if last == 2 { add(1, attention("EncDecAttention", "cross_")) }
            add(
                last,
                [
                    ("layer_norm", "ffn_norm"), ("DenseReluDense.wi", "ffn_up"),
                    ("DenseReluDense.wi_0", "ffn_gate"), ("DenseReluDense.wi_1", "ffn_up"),
                    ("DenseReluDense.wo", "ffn_down"),
                ])
        }
        return TensorNames(names)
    }()

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        name = Self.isEncoder(model.config) ? "t5encoder" : "t5"
    }

    private static func isEncoder(_ config: ModelConfig) -> Bool {
        config.architecture.hasSameBytes(as: "T5EncoderModel")
    }

    // MARK: Tensors

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isGated = config["feed_forward_proj"]?.string?.hasUTF8Prefix("gated-") == true
        let blocks = min((try? config.blockCount()) ?? 0, 1 << 12)
        let others = config.first(["num_decoder_layers"])?.wholeNumber ?? blocks
        // UMT5 has such a table in each block, the others in the first alone.
        let isEach = config.architecture.hasUTF8Prefix("UMT5")
        func stack(_ start: String, _ count: Int, _ attention: [String]) -> [String] {
            let layers =
                attention.flatMap { prefix in ["norm", "q", "k", "v", "o"].map { "\(prefix)attn_\($0)" } }
                + ["ffn_norm", "ffn_up", "ffn_down"] + (isGated ? ["ffn_gate"] : [])
            return (0..<max(0, count)).flatMap { block in
                (layers + (isEach || block == 0 ? ["attn_rel_b"] : [])).map { "\(start).blk.\(block).\($0)" }
            } + ["\(start).output_norm"]
        }
        let encoder = ["token_embd"] + stack("enc", blocks, [""])
        let isAlone = isEncoder(config)
        return RequiredTensors(
            isAlone ? encoder : encoder + stack("dec", min(others, 1 << 12), ["", "cross_"]), block: [])
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let tables = ["decoder.embed_tokens.weight", "encoder.embed_tokens.weight", "shared.weight"]
        guard tables.containsExactly(name) else { return [try Self.names.renamed(name, value, self.name)] }
        // All of them are one table, and the first that is stored counts.
        defer { hasEmbeddings = true }
        return hasEmbeddings ? [] : [ConvertedTensor("token_embd.weight", value)]
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        metadata.set(
            "context_length", try ModelMetadata.count(config.integerIfPresent("n_positions") ?? 512))
        try metadata.addNeededCount("embedding_length", config, ["d_model"])
        try metadata.addNeededCount("feed_forward_length", config, ["d_ff"])
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        let isAlone = Self.isEncoder(config)
        if !isAlone { try metadata.addCount("decoder_block_count", config, ["num_decoder_layers"]) }
        try metadata.addNeededCount("attention.head_count", config, ["num_heads"])
        try metadata.addNeededCount("attention.key_length", config, ["d_kv"])
        try metadata.addNeededCount("attention.value_length", config, ["d_kv"])
        try metadata.addNeededFloat("attention.layer_norm_epsilon", config, "layer_norm_epsilon")
        try metadata.addNeededCount(
            "attention.relative_buckets_count", config, ["relative_attention_num_buckets"])
        try metadata.addNeededFloat("attention.layer_norm_rms_epsilon", config, "layer_norm_epsilon")
        if !isAlone {
            try metadata.addNeededCount("decoder_start_token_id", config, ["decoder_start_token_id"])
        }
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addT5(to: &metadata)
    }

    // MARK: Defaults

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        for (alias, key) in [
            ("hidden_size", "d_model"), ("num_attention_heads", "num_heads"),
            ("num_hidden_layers", "num_layers"), ("head_dim", "d_kv"),
        ] {
            config.rename(alias, to: key)
        }
        let isFirst = modelType == "t5"
        config.setDefaults([
            "vocab_size": .integer(isFirst ? 32128 : 250_112), "d_model": 512, "d_kv": 64,
            "d_ff": .integer(isFirst ? 2048 : 1024), "num_layers": .integer(isFirst ? 6 : 8),
            "num_heads": .integer(isFirst ? 8 : 6), "relative_attention_num_buckets": 32,
            "relative_attention_max_distance": 128, "layer_norm_epsilon": .number(1e-6),
            "feed_forward_proj": .string(isFirst ? "relu" : "gated-gelu"), "pad_token_id": 0,
            "eos_token_id": 1,
        ])
        if !isFirst { config.setDefaults(["decoder_start_token_id": 0, "tie_word_embeddings": false]) }
        config.setDefault("num_decoder_layers", from: "num_layers")
    }
}
