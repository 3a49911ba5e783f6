import Formats
import Tensors

/// DeepSeek V4: attention over keys that are compressed, several streams of residuals, and experts of four bits, which are
/// kept. Blocks that predict further tokens are not written.
struct DeepSeek4: ModelArchitecture {
    /// Whose tensors say how they are quantized, whatever the configuration states.
    static let className = "DeepseekV4ForCausalLM"
    static let classes = [className]
    static let modelTypes: [String] = []

    let name = "deepseek4"
    private let model: HuggingFaceModel
    private var config: ModelConfig { model.config }
    private let blockCount: Int
    private let hashedCount: Int
    private let expertCount: Int
    private let places: [ExactName: Int]

    private static let names: TensorNames = {
        var names: [ExactName: String] = [
            "embed": "token_embd", "norm": "output_norm", "head": "output",
            "hc_head_fn": "output_hc_fn.weight", "hc_head_base": "output_hc_base.weight",
            "hc_head_scale": "output_hc_scale.weight",
        ]
        for (name, inGGUF) in [
            "attn.wq_a": "attn_q_a", "attn.wq_b": "attn_q_b", "attn.q_norm": "attn_q_a_norm",
            "attn.wkv": "attn_kv", "attn.kv_norm": "attn_kv_a_norm", "attn.wo_a": "attn_output_a",
            "attn.wo_b": "attn_output_b", "attn.compressor.wkv": "attn_compressor_kv",
            "attn.compressor.wgate": "attn_compressor_gate", "attn.compressor.norm": "attn_compressor_norm",
            "attn.indexer.wq_b": "indexer.attn_q_b", "attn.indexer.weights_proj": "indexer.proj",
            "attn.indexer.compressor.wkv": "indexer_compressor_kv",
            "attn.indexer.compressor.wgate": "indexer_compressor_gate",
            "attn.indexer.compressor.norm": "indexer_compressor_norm", "attn_norm": "attn_norm",
            "ffn_norm": "ffn_norm", "ffn.gate": "ffn_gate_inp", "ffn.shared_experts.w1": "ffn_gate_shexp",
            "ffn.shared_experts.w2": "ffn_down_shexp", "ffn.shared_experts.w3": "ffn_up_shexp",
            "attn.attn_sink": "attn_sinks.weight", "attn.compressor.ape": "attn_compressor_ape.weight",
            "attn.indexer.compressor.ape": "indexer_compressor_ape.weight",
            "ffn.gate.bias": "exp_probs_b.bias", "ffn.gate.bias_vl": "exp_probs_b_vl.bias",
            "ffn.gate.tid2eid": "ffn_gate_tid2eid.weight",
        ] { names[ExactName("layers.*.\(name)")] = "blk.*.\(inGGUF)" }
        for part in ["attn", "ffn"] {
            for end in ["fn", "base", "scale"] {
                names[ExactName("layers.*.hc_\(part)_\(end)")] = "blk.*.hc_\(part)_\(end).weight"
            }
        }
        return TensorNames(names)
    }()
    /// An expert's matrices in the order in which they are written.
    private static let matrices = [("w1", "ffn_gate_exps"), ("w2", "ffn_down_exps"), ("w3", "ffn_up_exps")]

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        [
            names.storingExperts(
                "layers.*.ffn.experts", count: config.first(["n_routed_experts"])?.wholeNumber,
                matrices.map { (".\($0)", $1) })
        ]
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let ratios = (config["compress_ratios"]?.array ?? []).map { $0.wholeNumber ?? 0 }
        let hashed = config["num_hash_layers"]?.wholeNumber ?? 0
        let attention = [
            "attn_norm", "attn_sinks", "attn_q_a", "attn_q_a_norm", "attn_q_b", "attn_kv", "attn_kv_a_norm",
            "attn_output_a", "attn_output_b",
        ]
        let streams = ["attn", "ffn"].flatMap { part in ["fn", "base", "scale"].map { "hc_\(part)_\($0)" } }
        let compressor = ["kv", "gate", "ape", "norm"]
        return RequiredTensors(
            ["token_embd", "output_norm", "output", "output_hc_fn", "output_hc_base", "output_hc_scale"]
        ) { block in
            let ratio = ratios.indices.contains(block) ? ratios[block] : 0
            return attention + streams + ["ffn_norm"] + RequiredTensors.experts
                + RequiredTensors.sharedExperts
                + (ratio == 0 ? [] : compressor.map { "attn_compressor_\($0)" })
                + (ratio != 4
                    ? []
                    : ["indexer.proj", "indexer.attn_q_b"] + compressor.map { "indexer_compressor_\($0)" })
                + [block < hashed ? "ffn_gate_tid2eid" : "exp_probs_b.bias"]
        }
    }

    static func name(of tensor: String) -> String? {
        if ["aligner.", "image_", "mtp."].contains(where: { tensor.hasUTF8Prefix($0) }) { return nil }
        return TextTensors.name(of: tensor)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        blockCount = try model.config.blockCount()
        hashedCount = try model.config.integer("num_hash_layers")
        expertCount = try model.config.size("n_routed_experts")
        guard hashedCount >= 0, hashedCount <= blockCount else {
            throw .wrongValue("num_hash_layers", .integer(hashedCount), "a number of blocks")
        }
        places = Dictionary(model.tensors.enumerated().map { (ExactName($1.name), $0) }) { $1 }
    }

    // MARK: Tensors

    /// The tables by which tokens choose experts, and the experts, which the reference writes before everything else.
    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        var missing: [String] = []
        var converted: [ConvertedTensor] = []
        for block in 0..<hashedCount {
            let name = "layers.\(block).ffn.gate.tid2eid"
            guard let place = places[name] else {
                missing.append(name)
                continue
            }
            let tensor = model.tensors[place]
            guard tensor.dtype == .i32 || tensor.dtype == .i64 else {
                throw ConversionError(
                    .quantizationUnknown,
                    "tensor \"\(name)\" is of the type \(tensor.dtype.rawValue), and a table of experts has "
                        + "whole numbers (I32, I64)",
                    fix: "check that config.json belongs to these weights")
            }
            let value = TensorValue(TensorView(place, shape: tensor.shape))
            converted.append(try Self.names.renamed(name, value, self.name))
        }
        // A configuration may claim any number of them.
        for block in 0..<blockCount {
            guard missing.count < 4096 else { break }
            for (part, inGGUF) in Self.matrices {
                var values: [TensorValue] = []
                for expert in 0..<expertCount {
                    guard missing.count < 4096 else { break }
                    let name = "layers.\(block).ffn.experts.\(expert).\(part).weight"
                    guard let place = places[name] else {
                        missing.append(name)
                        continue
                    }
                    let tensor = model.tensors[place]
                    guard tensor.blockType == .mxfp4 else {
                        throw ConversionError(
                            .quantizationUnknown,
                            "tensor \"\(name)\" is of the type \(tensor.dtype.rawValue), and the experts of this class "
                                + "have to be of four bits (MXFP4)",
                            fix: "take a revision of the model whose experts are of four bits")
                    }
                    values.append(TensorValue(TensorView(place, shape: tensor.shape)))
                }
                guard missing.isEmpty else { continue }
                guard let stack = TensorValue.stacked(values) else {
                    throw ConversionError(
                        .tensorShape, "the experts of block \(block) differ in the shape of \(part)",
                        fix: "check that config.json belongs to these weights")
                }
                converted.append(ConvertedTensor("blk.\(block).\(inGGUF).weight", stack))
            }
        }
        if !missing.isEmpty { throw .missingTensors(missing) }
        return converted
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.containsUTF8(".ffn.experts.") || name.hasUTF8Suffix(".tid2eid") { return [] }
        // Tokens of text are sent by the tables there.
        if name.hasUTF8Suffix(".ffn.gate.bias"), let block = TensorNames.block(of: name), block < hashedCount
        {
            return []
        }
        return [try Self.names.renamed(name, value, self.name)]
    }

    /// The types that the reference gives whatever was asked: floats of 8 bits become Q8_0, others keep their own.
    func type(of name: String, shape: [Int], wanted: OutputType) -> GGMLType? {
        if name.hasUTF8Suffix("ffn_gate_tid2eid.weight") { return .i32 }
        if shape.count <= 1 || name.hasUTF8Suffix("_norm.weight") { return .f32 }
        guard let place = place(of: name) else { return nil }
        if model.tensors[place].dtype == .bf16 { return .bf16 }
        guard model.tensors[place].dtype == .f32 else { return nil }
        guard case .computed? = model.dequantization?.tensors[place].content else { return .f32 }
        return (shape.last ?? 1).isMultiple(of: GGMLType.q80.blockLength) ? .q80 : .f16
    }

    /// The place of the tensor that one in GGUF is made of.
    private func place(of inGGUF: String) -> Int? {
        let block = TensorNames.block(of: inGGUF).map { "\($0)" } ?? ""
        let stored = Self.names.stored(CheckpointSpelling.pattern(inGGUF))?.first
        return stored.flatMap { places[ExactName($0.replacingUTF8("*", with: block))] }
    }

    // MARK: Metadata

    /// What stands where the template goes until the vocabulary has it: a key without a value would have no place.
    private static let placeholder = "none"

    func addFirstParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        // The reference writes one of llama.cpp's here, and that of the model, if there is one, in its place.
        metadata["tokenizer.chat_template"] = .string(Self.placeholder)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        for (key, own) in [
            ("rope.dimension_count", "qk_rope_head_dim"), ("attention.q_lora_rank", "q_lora_rank"),
            ("attention.sliding_window", "sliding_window"),
            ("expert_feed_forward_length", "moe_intermediate_size"),
            ("expert_shared_count", "n_shared_experts"),
        ] { try metadata.addNeededCount(key, config, [own]) }
        try metadata.addNeededFloat("expert_weights_scale", config, "routed_scaling_factor")
        try metadata.addNeededFlag("expert_weights_norm", config, "norm_topk_prob")
        metadata.addGateLimit(try config.number("swiglu_limit"), blockCount: blockCount)
        for (key, own) in [
            ("indexer.head_count", "index_n_heads"), ("indexer.key_length", "index_head_dim"),
            ("indexer.top_k", "index_topk"), ("output_group_count", "o_groups"),
            ("output_lora_rank", "o_lora_rank"),
        ] { try metadata.addNeededCount("attention.\(key)", config, [own]) }
        try addCompression(to: &metadata)
        let streams = try config.size("hc_mult")
        metadata.set("hyper_connection.count", try ModelMetadata.count(streams))
        try metadata.addNeededCount("hyper_connection.sinkhorn_iterations", config, ["hc_sinkhorn_iters"])
        try metadata.addNeededFloat("hyper_connection.epsilon", config, "hc_eps")
        metadata.set("hash_layer_count", try ModelMetadata.count(hashedCount))
        try metadata.addProduct("embedding_length_out", config.size("hidden_size"), streams)
    }

    /// How many keys become one in each block.
    private func addCompression(to metadata: inout ModelMetadata) throws(ConversionError) {
        let stated = config["compress_ratios"] ?? .null
        let ratios = (stated.array ?? []).compactMap { $0.integer }
        guard ratios.count == stated.array?.count, ratios.count >= blockCount,
            ratios.allSatisfy({ [0, 4, 128].contains($0) })
        else { throw .wrongValue("compress_ratios", stated, "a list of 0, 4 or 128 for each block") }
        metadata.set("attention.compress_ratios", .int32s(ratios.map { Int32(truncatingIfNeeded: $0) }))
        try metadata.addNeededFloat("attention.compress_rope_freq_base", config, "compress_rope_theta")
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
        let template = metadata["tokenizer.chat_template"]
        guard template != nil, template != .string(Self.placeholder) else {
            let later = model.directoryName.containsUTF8("0731") ? "-Flash-0731" : ""
            throw .noChatTemplate("deepseek-ai-DeepSeek-V4\(later).jinja")
        }
    }
}
