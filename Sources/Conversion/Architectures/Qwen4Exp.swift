import Formats
import Tensors

/// Qwen 3.8 Flash Next: Qwen 3.5 with several streams of residuals in the place of norms, an index by which attention
/// chooses what it looks at, and in one layer a table of embeddings for groups of tokens (PLE).
struct Qwen4Exp: QwenHybridFamily {
    static let classes = ["Qwen4ExpForConditionalGeneration", "Qwen4ExpForCausalLM"]
    /// The reference's transformers knows none of these, so that it takes configurations as they stand.
    static let modelTypes: [String] = []

    let name = "qwen4exp"
    private let model: HuggingFaceModel
    private let config: ModelConfig
    var hybrid: QwenHybrid
    /// The parts of the table of embeddings that were met, by their numbers.
    private var parts: [Int: TensorValue] = [:]
    private let partCount: Int
    /// How many elements of the table a group of tokens has; `nil` where there is no table.
    private let rowLength: Int?

    // MARK: Names

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let inputs = ["model.layers.*.self_attn.indexer.index_qk_proj.weight"]
        let layer = tableLayers(config).first ?? 0
        let parts = min(max(config.first(["split_ngram_parts"])?.wholeNumber ?? 0, 0), 4_096)
        return QwenExperts.spellings(
            names.storing([
                "per_layer_token_embd.weight": (0..<parts).map {
                    "model.layers.\(layer).ple.ple_embedding.ngram_embedding.shard_\($0).weight"
                },
                "blk.*.indexer.q_proj.weight": inputs, "blk.*.indexer.k_proj.weight": inputs,
            ]), config
        ).reversed()
    }

    private static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.layers.*.self_attn.indexer.q_layernorm": "blk.*.indexer.q_norm",
            "model.layers.*.self_attn.indexer.k_layernorm": "blk.*.indexer.k_norm",
            "model.hyper_connection_mixer.hc_norm": "output_hc_norm",
            "model.hyper_connection_mixer.input_mix_weight_down": "output_hc_down",
            "model.hyper_connection_mixer.input_mix_weight_up": "output_hc_up",
            "model.layers.*.ple.key_proj": "blk.*.ple_key",
            "model.layers.*.ple.value_proj": "blk.*.ple_value",
        ]
        for (part, inGGUF) in [("attn", "attn"), ("mlp", "ffn")] {
            let start = "model.layers.*.\(part)_hyper_connection."
            names[ExactName(start + "hc_norm")] = "blk.*.hc_\(inGGUF)_norm"
            names[ExactName(start + "input_mix_weight_down")] = "blk.*.hc_\(inGGUF)_down"
            names[ExactName(start + "input_mix_weight_up")] = "blk.*.hc_\(inGGUF)_up"
            names[ExactName(start + "block_inject_weight")] = "blk.*.hc_\(inGGUF)_inject"
        }
        for part in ["norm_key", "norm_query", "norm_conv", "conv1d"] {
            names[ExactName("model.layers.*.ple.\(part)")] = "blk.*.ple_\(part)"
        }
        return QwenHybrid.names.without([
            "model.norm", "model.layers.*.input_layernorm", "model.layers.*.post_attention_layernorm",
        ]).adding(QwenHybrid.withExperts).adding(QwenHybrid.fourInputs).adding(names)
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let mixers = ["attn", "ffn"].flatMap { part in
            ["norm", "down", "up", "inject"].map { "hc_\(part)_\($0)" }
        }
        let index = ["q_proj", "k_proj", "q_norm", "k_norm"].map { "indexer.\($0)" }
        let layers = tableLayers(config)
        let table = ["key", "value", "norm_key", "norm_query", "norm_conv", "conv1d"].map { "ple_\($0)" }
        return RequiredTensors(
            ["token_embd", "output_hc_norm", "output_hc_down", "output_hc_up"]
                + (layers.isEmpty ? [] : ["per_layer_token_embd"])
        ) { block in
            mixers + QwenHybrid.required(config, block, inputs: ["ssm_alpha", "ssm_beta"])
                + (GatedDeltaNet.isLinear(config, block) ? [] : index)
                + (layers.contains(block) ? table : [])
        }
    }

    /// The layers that have embeddings for groups of tokens, from 0.
    private static func tableLayers(_ config: ModelConfig) -> [Int] {
        (config["ple_layer_ids"]?.array ?? []).compactMap { $0.wholeNumber.map { $0 &- 1 } }
    }

    // MARK: Tensors

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        config = model.config
        // The block that predicts more than one token ahead is a model of its own, which llama.cpp does not have.
        hybrid = try QwenHybrid(model, name, Self.names, predicts: false)
        partCount = try config.integerIfPresent("split_ngram_parts") ?? 0
        rowLength = model.tensors.last { Self.part($0.name) != nil }?.shape.last
    }

    /// The number of a part of the table.
    private static func part(_ name: String) -> Int? {
        guard let place = name.split(separator: ".").first(where: { $0.hasPrefix("shard_") }),
            name.containsUTF8(".ngram_embedding.shard_")
        else { return nil }
        return Int(place.dropFirst("shard_".utf8.count))
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if KeyTensors.table.contains(where: { name.hasUTF8Suffix($0) }) { return [] }
        if let number = Self.part(name) { return try added(number, name, value) }
        if name.containsUTF8(".indexer.index_qk_proj.weight") { return try indexed(name, value) }
        let isGamma = [".ple.norm_key.weight", ".ple.norm_query.weight", ".ple.norm_conv.weight"].contains {
            name.hasUTF8Suffix($0)
        }
        return try hybrid.convert(name, isGamma ? value.adding(1) : value)
    }

    /// The queries and the keys of the index.
    private func indexed(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let rows = try config.size("indexer_n_heads") * config.size("indexer_head_dim")
        guard value.shape.count == 2, rows < value.shape[0], let view = value.view,
            let queries = view.sliced(axis: 0, 0..<rows),
            let keys = view.sliced(axis: 0, rows..<value.shape[0]), let block = TensorNames.block(of: name)
        else { throw ConversionError.wrongShape(name, value.shape, "which has no queries and keys") }
        return [
            ConvertedTensor("blk.\(block).indexer.q_proj.weight", TensorValue(queries)),
            ConvertedTensor("blk.\(block).indexer.k_proj.weight", TensorValue(keys)),
        ]
    }

    /// The table, when its last part is met: the rows in the order of the parts' numbers.
    private mutating func added(
        _ number: Int, _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        guard number < partCount else { throw .unknownTensor(name, self.name) }
        parts[number] = value
        guard parts.count >= partCount else { return [] }
        let values = parts.sorted { $0.key < $1.key }.map(\.value)
        guard value.shape.count == 2, let table = TensorValue.concatenated(values) else {
            throw ConversionError.wrongShape(name, value.shape, "and other parts of its table have others")
        }
        try checkRows(table, name)
        return [ConvertedTensor("per_layer_token_embd.weight", table)]
    }

    /// Sees that the table has all rows that groups of tokens are looked for in.
    private func checkRows(_ table: TensorValue, _ name: String) throws(ConversionError) {
        guard let starts = try model.wholeNumbers(KeyTensors.table[1]),
            let counts = try model.wholeNumbers(KeyTensors.table[2])
        else { return }
        let needed = zip(starts, counts).map { $0.addingReportingOverflow($1) }.map {
            $0.overflow ? UInt64.max : $0.partialValue
        }.max()
        guard let needed, needed > UInt64(table.shape[0]) else { return }
        throw ConversionError.wrongShape(
            name, table.shape, "whose table has fewer than the \(needed) rows that its numbers ask for")
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try hybrid.addParameters(to: &metadata, fileType: fileType)
        hybrid.addSections(to: &metadata)
        for (key, name) in [
            ("hyper_connection.count", "hc_count"), ("hyper_connection.low_rank", "hc_lowrank"),
            ("attention.indexer.head_count", "indexer_n_heads"),
            ("attention.indexer.key_length", "indexer_head_dim"),
            ("attention.indexer.top_k", "indexer_budget"),
        ] { try metadata.addNeededCount(key, config, [name]) }
        let ratio = try config.size("indexer_compress_ratio")
        guard let types = config["layer_types"]?.array else { throw ModelConfig.missing(["layer_types"]) }
        metadata.set(
            "attention.compress_ratios",
            .int32s(types.map { $0.isText("full_attention") ? Int32(clamping: ratio) : 0 }))
        guard config["ple_layer_ids"]?.array != nil else { throw ModelConfig.missing(["ple_layer_ids"]) }
        let layers = Self.tableLayers(config)
        if !layers.isEmpty { try addTable(to: &metadata, layers) }
    }

    private func addTable(to metadata: inout ModelMetadata, _ layers: [Int]) throws(ConversionError) {
        metadata.set("ple.layers", .int32s(layers.map { Int32(clamping: $0) }))
        for (key, name) in [
            ("ngram_size", "ngram_size"), ("heads_per_ngram", "heads_per_ngram"),
            ("conv_kernel", "ple_conv_kernel_size"),
        ] { try metadata.addNeededCount("ple.\(key)", config, [name]) }
        // Of several the last one is the main one.
        guard let end = config.first(["eos_token_id"]), let token = (end.array?.last ?? end).wholeNumber
        else {
            throw ModelConfig.missing(["eos_token_id"])
        }
        metadata.set("ple.eos_token_id", try ModelMetadata.count(token))
        try metadata.addCount("ple.image_token_id", config, ["image_token_id"])
        if let rowLength {
            metadata.set("embedding_length_per_layer_input", try ModelMetadata.count(rowLength))
        }
        for (key, end) in zip(["layer_multipliers", "head_offsets", "head_vocab_sizes"], KeyTensors.table) {
            // Where only names and shapes were read, no number is known.
            guard let numbers = try model.wholeNumbers(end) else { continue }
            metadata.set("ple.\(key)", .uint64s(numbers))
        }
    }

    /// Nothing: what predicts more than one token ahead is not written.
    static func missingPredictions(_ config: ModelConfig, stored: [String]) -> [String] { [] }
}
