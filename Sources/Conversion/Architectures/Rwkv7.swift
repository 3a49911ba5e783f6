import Formats
import Glibc
import Tensors

/// RWKV 7 in each of its forms, and Qwen whose attention was replaced by it: layers with a state alone.
struct Rwkv7: ModelArchitecture {
    static let classes = ["Rwkv7ForCausalLM", "RWKV7ForCausalLM", "RwkvHybridForCausalLM"]
    static let modelTypes: [String] = []

    let name: String
    private let model: HuggingFaceModel
    private let isHybrid: Bool
    /// Whether the small matrices are stored as their inputs' columns, as all but one program has them.
    private let isTransposed: Bool
    /// What tokens are mixed by with those before them, until all of a block is there.
    private var mixes: [Int: [ExactName: TensorValue]] = [:]
    private var config: ModelConfig { model.config }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let start = "model.layers.*.attention"
        let all = names.adding(isHybrid(config) ? others : own)
        var parts: [ExactName: [String]] = [
            "blk.*.time_mix_lerp_fused.weight": mixed(config).map { "\(start).x_\($0)" },
            "blk.*.channel_mix_lerp_k.weight": ["model.layers.*.feed_forward.x_k"],
        ]
        for name in ["k_k", "k_a", "r_k"] {
            parts[ExactName("blk.*.time_mix_\(name).weight")] = ["\(start).\(name)"]
        }
        for end in ["weight", "bias"] {
            parts[ExactName("token_embd_norm.\(end)")] = ["model.pre_ln.\(end)"]
        }
        let forms = Self.forms.map { form in
            all.without(Self.forms.flatMap(\.self).filter { !form.containsExactly($0) })
        }
        let plain = parts.merging(smallParts(config)) { $1 }
        let joined = plain.merging(["blk.*.time_mix_lerp_fused.weight": ["\(start).x_x"]]) { $1 }
        var library = parts.merging(libraryParts(config)) { $1 }
        for end in ["weight", "bias"] {
            library[ExactName("token_embd_norm.\(end)")] = ["model.layers.0.pre_norm.\(end)"]
        }
        guard isHybrid(config) else { return [forms[0].storing(plain), forms[1].storing(library)] }
        // Those with gates are stored apart.
        let ways = [forms[2].storing(joined), forms[2].storing(plain)]
        return hasGate(config) ? ways.reversed() : ways
    }

    /// The names that only RWKV's own program, flash-linear-attention or the hybrid has.
    private static let forms: [[String]] = {
        func layers(_ names: [String]) -> [String] { names.map { "model.layers.*.\($0)" } }
        let attention = ["key", "value", "receptance", "output"].map { "attention.\($0)" }
        let projections = ["k_proj", "v_proj", "r_proj", "o_proj"].map { "attention.\($0)" }
        return [
            ["model.embeddings", "model.ln_out", "head", "model.pre_ln"] + layers(attention + ["ln1"]),
            ["model.embeddings", "model.norm", "lm_head", "model.layers.*.pre_norm"]
                + layers(projections + ["attention_norm"]),
            ["model.embed_tokens", "model.norm", "lm_head"] + layers(attention + ["input_layernorm"]),
        ]
    }()

    private static func hasGate(_ config: ModelConfig) -> Bool { config["wkv_has_gate"]?.isTruthy ?? true }

    /// The small matrices of RWKV's own program, by their names in GGUF; the first block has none for values.
    private static func smallParts(_ config: ModelConfig) -> [ExactName: [String]] {
        parts(config) { part, place in "\(part)\(place)" }
    }

    /// The same of the library of flash-linear-attention.
    private static func libraryParts(_ config: ModelConfig) -> [ExactName: [String]] {
        parts(config) { part, place in
            "\(part)_lora.lora.\(place == 1 ? "0.weight" : place == 2 ? "2.weight" : "2.bias")"
        }
    }

    private static func parts(
        _ config: ModelConfig, name: (String, Int) -> String
    ) -> [ExactName: [String]] {
        let blocks = min((try? config.blockCount()) ?? 0, 1 << 10)
        var parts: [ExactName: [String]] = [:]
        for place in 0..<3 {
            for part in ["w", "a", "g"] {
                let own = "model.layers.*.attention.\(name(part, place))"
                parts[ExactName("blk.*.time_mix_\(part)\(place).weight")] = [own]
            }
            // What the first block has is made of another.
            for block in 0..<max(blocks, 1) where block > 0 {
                let own = "model.layers.\(block).attention.\(name("v", place))"
                parts[ExactName("blk.\(block).time_mix_v\(place).weight")] = [own]
            }
        }
        return parts
    }

    private static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.embeddings": "token_embd", "model.embed_tokens": "token_embd", "model.norm": "output_norm",
            "model.ln_out": "output_norm", "head": "output", "lm_head": "output",
            "model.pre_ln": "token_embd_norm", "model.layers.*.pre_norm": "token_embd_norm",
            "model.layers.*.attention.x_x": "blk.*.time_mix_lerp_fused",
        ]
        for (name, inGGUF) in [
            "ln1": "attn_norm", "attention_norm": "attn_norm", "input_layernorm": "attn_norm",
            "attention.k_k": "time_mix_k_k", "attention.k_a": "time_mix_k_a",
            "attention.r_k": "time_mix_r_k", "attention.key": "time_mix_key",
            "attention.k_proj": "time_mix_key", "attention.value": "time_mix_value",
            "attention.v_proj": "time_mix_value", "attention.receptance": "time_mix_receptance",
            "attention.r_proj": "time_mix_receptance", "attention.ln_x": "time_mix_ln",
            "attention.output": "time_mix_output", "attention.o_proj": "time_mix_output",
            "feed_forward.x_k": "channel_mix_lerp_k", "feed_forward.key": "channel_mix_key",
            "feed_forward.value": "channel_mix_value",
        ] { names[ExactName("model.layers.*.\(name)")] = "blk.*.\(inGGUF)" }
        for part in ["w0", "w1", "w2", "a0", "a1", "a2", "v0", "v1", "v2", "g1", "g2"] {
            names[ExactName("model.layers.*.attention.\(part)")] = "blk.*.time_mix_\(part)"
        }
        return TensorNames(names)
    }()
    /// The names of what stands behind attention: of RWKV's own models and of those that are others'.
    private static let own: [ExactName: String] = ["model.layers.*.ln2": "blk.*.attn_norm_2"]
    private static let others: [ExactName: String] = [
        "model.layers.*.post_attention_layernorm": "blk.*.ffn_norm",
        "model.layers.*.mlp.gate_proj": "blk.*.ffn_gate", "model.layers.*.mlp.up_proj": "blk.*.ffn_up",
        "model.layers.*.mlp.down_proj": "blk.*.ffn_down",
    ]

    private static func isHybrid(_ config: ModelConfig) -> Bool {
        config.architecture == "RwkvHybridForCausalLM"
    }

    /// What tokens are mixed by, in the order in which it is written.
    private static func mixed(_ config: ModelConfig) -> [String] {
        ["r", "w", "k", "v", "a"] + (hasGate(config) ? ["g"] : [])
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isHybrid = isHybrid(config)
        let parts = ["w0", "w1", "w2", "a0", "a1", "a2", "k_k", "k_a", "r_k", "key", "value", "receptance"]
        let mix = (parts + ["output", "lerp_fused"]).map { "time_mix_\($0)" }
        let rest =
            isHybrid
            ? ["attn_norm", "ffn_norm"] + RequiredTensors.dense
                + (hasGate(config) ? ["time_mix_g1", "time_mix_g2"] : [])
                + (config["wkv_has_group_norm"]?.isTruthy == true ? ["time_mix_ln+"] : [])
            : [
                "time_mix_g1", "time_mix_g2", "attn_norm+", "attn_norm_2+", "time_mix_ln+",
                "channel_mix_lerp_k",
                "channel_mix_key", "channel_mix_value",
            ]
        return RequiredTensors(
            isHybrid
                ? ["token_embd", "output_norm", "output"]
                : ["token_embd", "token_embd_norm+", "output_norm+", "output"]
        ) { block in
            mix + rest + (block == 0 ? [] : ["v0", "v1", "v2"].map { "time_mix_\($0)" })
        }
    }

    static func name(of tensor: String) -> String? {
        var name = tensor
        for (old, new) in [
            ("blocks", "layers"), ("ffn", "feed_forward"), ("self_attn", "attention"), ("attn", "attention"),
            ("time_mixer.", ""), ("feed_forward_norm", "ln2"), ("g_norm", "ln_x"),
        ] { name = name.replacingUTF8(old, with: new) }
        return TextTensors.name(of: name)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        isHybrid = Self.isHybrid(model.config)
        name = isHybrid ? "arwkv7" : "rwkv7"
        isTransposed = !model.tensors.contains { $0.name.containsUTF8("_lora.lora") }
    }

    // MARK: Tensors

    mutating func convert(_ stored: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor]
    {
        var name = stored
        for (old, new) in [
            ("_lora.lora.0.weight", "1.weight"), ("_lora.lora.2.weight", "2.weight"),
            ("_lora.lora.2.bias", "0.weight"),
        ] { name = name.replacingUTF8(old, with: new) }
        let block = TensorNames.block(of: name)
        // The first layer has nothing to mix values with; some have it all the same.
        let isMixedValue = ["v0", "v1", "v2"].contains { part in
            [".attention.\(part)", ".attention.\(part).weight"].contains { name.hasUTF8Suffix($0) }
        }
        if block == 0, isMixedValue { return [] }
        if let block, name.containsUTF8("attention.x_") { return try mixed(name, value, block) }
        return try single(name, value, block)
    }

    private mutating func mixed(
        _ name: String, _ value: TensorValue, _ block: Int
    ) throws(ConversionError) -> [ConvertedTensor] {
        let list = Self.mixed(config)
        let target = "blk.\(block).time_mix_lerp_fused.weight"
        var value = value
        if name.containsUTF8("attention.x_x") {
            let count = value.elementCount
            guard count.isMultiple(of: list.count) else {
                throw .wrongShape(name, value.shape, "which is not divisible into \(list.count) parts")
            }
            value.shape = [list.count, 1, 1, count / list.count]
            return [ConvertedTensor(target, value)]
        }
        mixes[block, default: [:]][ExactName(name)] = value
        let names = list.map { ExactName("model.layers.\(block).attention.x_\($0)") }
        let own = names.compactMap { mixes[block]?[$0] }
        guard own.count == names.count else { return [] }
        guard let stack = TensorValue.stacked(own) else {
            throw .wrongShape(name, value.shape, "and others that it belongs to have others")
        }
        mixes[block] = nil
        return [ConvertedTensor(target, stack)]
    }

    private func single(
        _ name: String, _ value: TensorValue, _ block: Int?
    ) throws(ConversionError) -> [ConvertedTensor] {
        var value = value
        value.shape.removeAll { $0 == 1 }
        let names = Self.names.adding(isHybrid ? Self.others : Self.own)
        var tensor = try names.renamed(name, value, self.name)
        if ![".weight", ".bias"].contains(where: { tensor.name.hasUTF8Suffix($0) }) {
            tensor.name += ".weight"
        }
        let small = ["w1", "w2", "a1", "a2", "v1", "v2", "g1", "g2"]
        if isTransposed, small.contains(where: { tensor.name.hasUTF8Suffix("time_mix_\($0).weight") }) {
            guard let view = value.view, view.shape.count == 2 else {
                throw .wrongShape(name, value.shape, "which is not a matrix")
            }
            tensor.value = TensorValue(view.swapped(0, 1))
        }
        if tensor.name.containsUTF8("r_k") { tensor.value.shape = [tensor.value.elementCount] }
        guard block == 0, tensor.name.containsUTF8("time_mix_a") else { return [tensor] }
        let copy = tensor.name.replacingUTF8("time_mix_a", with: "time_mix_v")
        return [ConvertedTensor(copy, tensor.value), tensor]
    }

    func finish() throws(ConversionError) {
        guard let block = mixes.keys.min(), let own = mixes[block] else { return }
        let names = Self.mixed(config).map { "model.layers.\(block).attention.x_\($0)" }
        throw .missingTensors(names.filter { own[ExactName($0)] == nil })
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let width = try config.size("hidden_size")
        var ranks: [(key: String, rank: Int)]
        let inner: Int
        metadata.set("context_length", .uint32(1 << 20))
        metadata.set("embedding_length", try ModelMetadata.count(width))
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        let isOwn = config["head_size"] != nil && config["layer_norm_epsilon"] != nil
        if isHybrid {
            guard config["wkv_version"]?.wholeNumber == 7 else {
                throw .wrongValue("wkv_version", config["wkv_version"] ?? .null, "7")
            }
            guard let hasGate = config["wkv_has_gate"]?.isTruthy else {
                throw ModelConfig.missing(["wkv_has_gate"])
            }
            ranks = [
                ("decay", 64), ("iclr", 64), ("value_residual_mix", 32), ("gate", hasGate ? 128 : 0),
            ]
            inner = try config.size("intermediate_size")
            try metadata.addNeededFloat("attention.layer_norm_rms_epsilon", config, "rms_norm_eps")
        } else {
            ranks = try self.ranks(width)
            guard let stated = config["intermediate_size"] else {
                throw ModelConfig.missing(["intermediate_size"])
            }
            inner = stated == .null ? width * 4 : try config.size("intermediate_size")
            try metadata.addNeededFloat(
                "attention.layer_norm_epsilon", config, isOwn ? "layer_norm_epsilon" : "norm_eps")
        }
        try metadata.addNeededCount(
            "wkv.head_size", config, [isHybrid || isOwn ? "head_size" : "head_dim"])
        for (key, rank) in ranks {
            metadata.set("attention.\(key)_lora_rank", try ModelMetadata.count(rank))
        }
        metadata.set("feed_forward_length", try ModelMetadata.count(inner))
        metadata["general.file_type"] = .uint32(fileType)
        if isHybrid { metadata.set("token_shift_count", .uint32(1)) }
        metadata.set("attention.head_count", .uint32(0))
    }

    /// The ranks of the small matrices, under the names of either program; those that are `null` follow from the width.
    private func ranks(_ width: Int) throws(ConversionError) -> [(key: String, rank: Int)] {
        let keys = ["decay", "iclr", "value_residual_mix", "gate"]
        let first = keys.map { "lora_rank_\($0)" }
        let second = ["decay", "a", "v", "gate"].map { "\($0)_low_rank_dim" }
        let names = first.allSatisfy { config[$0] != nil } ? first : second
        let usual = [(0.5, 1.8), (0.5, 1.8), (0.5, 1.3), (0.8, 0.6)]
        var ranks: [(key: String, rank: Int)] = []
        for (place, key) in keys.enumerated() {
            guard let stated = config[names[place]] else { throw ModelConfig.missing([names[place]]) }
            let share = pow(Double(width), usual[place].0) * usual[place].1 / 32
            let rank = max(1, Int(share.rounded(.toNearestOrEven))) * 32
            ranks.append((key, stated == .null ? rank : try config.size(names[place])))
        }
        return ranks
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if isHybrid {
            try vocabulary.addSentencePieceOrBPE(to: &metadata)
        } else {
            try vocabulary.addRwkvWorld(to: &metadata)
        }
    }
}
