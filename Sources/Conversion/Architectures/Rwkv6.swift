import Formats
import Glibc
import Tensors

/// RWKV 6, and Qwen whose attention was replaced by it: layers with a state alone.
struct Rwkv6: ModelArchitecture {
    static let classes = ["Rwkv6ForCausalLM", "RWKV6Qwen2ForCausalLM"]
    static let modelTypes: [String] = []

    let name: String
    private let model: HuggingFaceModel
    private let isQwen: Bool
    /// What tokens are mixed by with those before them, until all of a block is there.
    private var mixes: [Int: [ExactName: TensorValue]] = [:]
    private var config: ModelConfig { model.config }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let start = isQwen(config) ? "model.layers.*.self_attn" : "rwkv.blocks.*.attention"
        var parts: [ExactName: [String]] = [
            "blk.*.time_mix_lerp_fused.weight": mixed.map { "\(start).time_maa_\($0)" }
        ]
        for (name, inGGUF) in shared where name != "gate" {
            parts[ExactName("blk.*.\(inGGUF).weight")] = ["\(start).\(name)"]
        }
        guard !isQwen(config) else { return [names(config).storing(parts)] }
        parts["blk.*.time_mix_first.weight"] = ["\(start).time_faaaa"]
        for part in ["k", "r"] {
            parts[ExactName("blk.*.channel_mix_lerp_\(part).weight")] = [
                "rwkv.blocks.*.feed_forward.time_maa_\(part)"
            ]
        }
        for end in ["weight", "bias"] {
            parts[ExactName("token_embd_norm.\(end)")] = ["rwkv.blocks.0.pre_ln.\(end)"]
        }
        return [names(config).storing(parts)]
    }

    private static func isQwen(_ config: ModelConfig) -> Bool {
        config.architecture.hasSameBytes(as: "RWKV6Qwen2ForCausalLM")
    }

    /// What tokens are mixed by, in the order in which it is written.
    private static let mixed = ["w", "k", "v", "r", "g"]

    private static func names(_ config: ModelConfig) -> TensorNames {
        isQwen(config) ? qwen : own
    }

    private static let shared: [(String, String)] =
        [
            ("time_maa_w1", "time_mix_w1"), ("time_maa_w2", "time_mix_w2"), ("time_decay", "time_mix_decay"),
            ("time_decay_w1", "time_mix_decay_w1"), ("time_decay_w2", "time_mix_decay_w2"),
            ("gate", "time_mix_gate"), ("time_maa_x", "time_mix_lerp_x"),
        ] + mixed.map { ("time_maa_\($0)", "time_mix_lerp_\($0)") }
    private static let own: TensorNames = {
        var names: [ExactName: String] = [
            "rwkv.embeddings": "token_embd", "rwkv.blocks.*.pre_ln": "token_embd_norm",
            "rwkv.ln_out": "output_norm", "head": "output",
        ]
        let attention = [
            ("time_faaaa", "time_mix_first"), ("key", "time_mix_key"), ("value", "time_mix_value"),
            ("receptance", "time_mix_receptance"), ("ln_x", "time_mix_ln"), ("output", "time_mix_output"),
        ]
        for (name, inGGUF) in shared + attention {
            names[ExactName("rwkv.blocks.*.attention.\(name)")] = "blk.*.\(inGGUF)"
        }
        for (name, inGGUF) in [
            "ln1": "attn_norm", "ln2": "attn_norm_2", "feed_forward.time_maa_k": "channel_mix_lerp_k",
            "feed_forward.time_maa_r": "channel_mix_lerp_r", "feed_forward.key": "channel_mix_key",
            "feed_forward.value": "channel_mix_value", "feed_forward.receptance": "channel_mix_receptance",
        ] { names[ExactName("rwkv.blocks.*.\(name)")] = "blk.*.\(inGGUF)" }
        return TensorNames(names)
    }()
    private static let qwen: TensorNames = {
        var names: [ExactName: String] = [:]
        let attention = [
            ("q_proj", "time_mix_receptance"), ("k_proj", "time_mix_key"), ("v_proj", "time_mix_value"),
            ("o_proj", "time_mix_output"),
        ]
        for (name, inGGUF) in shared + attention {
            names[ExactName("model.layers.*.self_attn.\(name)")] = "blk.*.\(inGGUF)"
        }
        let plain = ["q", "k", "v", "o"].map { "layers.*.self_attn.\($0)_proj" }
        return TensorNames.llama.without(plain).adding(names)
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let parts = [
            "w1", "w2", "lerp_x", "lerp_fused", "decay", "decay_w1", "decay_w2", "key", "value", "receptance",
            "gate", "output",
        ].map { "time_mix_\($0)" }
        guard !isQwen(config) else {
            let hasBiases = config["attention_bias"]?.isTruthy == true
            let biased = ["time_mix_receptance", "time_mix_key", "time_mix_value"]
            return RequiredTensors(
                ["token_embd", "output_norm", "output"],
                block: ["attn_norm", "ffn_norm"] + RequiredTensors.dense
                    + parts.map { hasBiases && biased.contains($0) ? "\($0)+" : $0 })
        }
        return RequiredTensors(
            ["token_embd", "token_embd_norm+", "output_norm+", "output"],
            block: parts + [
                "attn_norm+", "attn_norm_2+", "time_mix_first", "time_mix_ln+", "channel_mix_lerp_k",
                "channel_mix_lerp_r", "channel_mix_key", "channel_mix_value", "channel_mix_receptance",
            ])
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        isQwen = Self.isQwen(model.config)
        name = isQwen ? "rwkv6qwen2" : "rwkv6"
    }

    // MARK: Tensors

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var tensor = try Self.names(config).renamed(name, value, self.name)
        if ![".weight", ".bias"].contains(where: { tensor.name.hasUTF8Suffix($0) }) {
            tensor.name += ".weight"
        }
        let block = TensorNames.block(of: name)
        let end = tensor.name.split(separator: ".").dropLast().last.map(String.init) ?? ""
        if ["time_mix_w1", "time_mix_decay_w1", "time_mix_decay_w2"].contains(end) {
            tensor.value = try turned(name, value, 2, (0, 1))
        }
        if end == "time_mix_w2" { tensor.value = try turned(name, value, 3, (1, 2)) }
        if tensor.name.hasUTF8Suffix("time_mix_decay.weight") || tensor.name.containsUTF8("lerp") {
            tensor.value.shape.removeAll { $0 == 1 }
        }
        if isQwen, ["time_mix_w1", "time_mix_w2"].contains(end) {
            tensor.value = try sorted(name, tensor.value)
        }
        let step = try config.integerIfPresent("rescale_every") ?? 0
        if step > 0,
            ["time_mix_output.weight", "channel_mix_value.weight"].contains(where: {
                tensor.name.hasUTF8Suffix($0)
            }), let block
        {
            tensor.value.operations.append(.multiply(Float(pow(2, -Double(block / step)))))
        }
        guard let block, tensor.name.containsUTF8("time_mix_lerp"), end != "time_mix_lerp_x" else {
            return [tensor]
        }
        mixes[block, default: [:]][ExactName(tensor.name)] = tensor.value
        let names = Self.mixed.map { ExactName("blk.\(block).time_mix_lerp_\($0).weight") }
        let own = names.compactMap { mixes[block]?[$0] }
        guard own.count == names.count else { return [] }
        guard var stack = TensorValue.stacked(own), stack.shape.count == 2 else {
            throw .wrongShape(name, value.shape, "and others that it belongs to have others")
        }
        mixes[block] = nil
        stack.shape = [names.count, 1, 1, stack.shape[1]]
        return [ConvertedTensor("blk.\(block).time_mix_lerp_fused.weight", stack)]
    }

    private func turned(
        _ name: String, _ value: TensorValue, _ dimensions: Int, _ axes: (Int, Int)
    ) throws(ConversionError) -> TensorValue {
        guard value.shape.count == dimensions, let view = value.view else {
            throw .wrongShape(name, value.shape, "which has not \(dimensions) dimensions")
        }
        return TensorValue(view.swapped(axes.0, axes.1))
    }

    /// With the five parts of a small matrix in the order that RWKV's own models have.
    private func sorted(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        guard let view = value.view, let rows = view.shape.first, rows.isMultiple(of: 5) else {
            throw .wrongShape(name, value.shape, "which is not divisible into 5 parts")
        }
        let parts = [3, 1, 2, 0, 4].compactMap { part in
            view.sliced(axis: 0, part * (rows / 5)..<(part + 1) * (rows / 5))
        }
        return TensorValue(parts, shape: value.shape)
    }

    func finish() throws(ConversionError) {
        guard let block = mixes.keys.min(), let own = mixes[block] else { return }
        let start = isQwen ? "model.layers.\(block).self_attn" : "rwkv.blocks.\(block).attention"
        throw .missingTensors(
            Self.mixed.filter { own[ExactName("blk.\(block).time_mix_lerp_\($0).weight")] == nil }.map {
                "\(start).time_maa_\($0)"
            })
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let width = try config.size("hidden_size")
        metadata.set("context_length", .uint32(1 << 20))
        metadata.set("embedding_length", try ModelMetadata.count(width))
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        if isQwen { return try addQwen(to: &metadata, width, fileType) }
        try metadata.addNeededFloat("attention.layer_norm_epsilon", config, "layer_norm_epsilon")
        try metadata.addNeededCount("rescale_every_n_layers", config, ["rescale_every"])
        try metadata.addNeededCount("wkv.head_size", config, ["head_size"])
        metadata.set("time_mix_extra_dim", .uint32(width == 4096 ? 64 : 32))
        metadata.set("time_decay_extra_dim", .uint32(width == 4096 ? 128 : 64))
        guard let stated = config["intermediate_size"] else {
            throw ModelConfig.missing(["intermediate_size"])
        }
        let inner =
            stated == .null ? Int(Double(width) * 3.5 / 32) * 32 : try config.size("intermediate_size")
        metadata.set("feed_forward_length", try ModelMetadata.count(inner))
        metadata["general.file_type"] = .uint32(fileType)
        metadata.set("attention.head_count", .uint32(0))
    }

    private func addQwen(
        to metadata: inout ModelMetadata, _ width: Int, _ fileType: UInt32
    ) throws(ConversionError) {
        let heads = try config.size("num_attention_heads")
        metadata.set("wkv.head_size", try ModelMetadata.count(width / heads))
        for (key, own, usual) in [
            ("time_mix_extra_dim", "lora_rank_tokenshift", width >= 4096 ? 64 : 32),
            ("time_decay_extra_dim", "lora_rank_decay", width >= 4096 ? 128 : 64),
        ] {
            metadata.set(
                key, try ModelMetadata.count(config[own] == nil ? usual : config.size(own)))
        }
        try metadata.addNeededCount("feed_forward_length", config, ["intermediate_size"])
        metadata["general.file_type"] = .uint32(fileType)
        try metadata.addNeededFloat("attention.layer_norm_rms_epsilon", config, "rms_norm_eps")
        metadata.set("token_shift_count", .uint32(1))
        try metadata.addNeededCount("attention.head_count_kv", config, ["num_key_value_heads"])
        metadata.set("attention.head_count", .uint32(0))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if isQwen {
            try vocabulary.addSentencePieceOrBPE(to: &metadata)
        } else {
            try vocabulary.addRwkvWorld(to: &metadata)
        }
    }
}
