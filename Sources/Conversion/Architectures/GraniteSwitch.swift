import Formats
import Tensors

/// IBM's Granite with adapters for every layer, one of which the tokens choose: stacks of them, the first of zeros.
struct GraniteSwitch: ModelArchitecture {
    static let classes = ["GraniteSwitchForCausalLM"]
    static let modelTypes: [String] = []

    let name = "graniteswitch"
    private let model: HuggingFaceModel
    private let heads: Int
    private let keyHeads: Int
    private let length: Int
    private var config: ModelConfig { model.config }

    private static let names = TensorNames([
        "model.embed_tokens": "token_embd", "embed_tokens": "token_embd", "model.norm": "output_norm",
        "norm": "output_norm", "model.layers.*.input_layernorm": "blk.*.attn_norm",
        "model.layers.*.post_attention_layernorm": "blk.*.ffn_norm",
        "model.layers.*.self_attn.qkv_proj.base_layer": "blk.*.attn_qkv",
        "model.layers.*.self_attn.o_proj.base_layer": "blk.*.attn_output",
        "model.layers.*.shared_mlp.output_linear.base_layer": "blk.*.ffn_down",
    ])
    /// The layers with adapters: what stands behind a block's number, and in GGUF, one for each slice of rows.
    private static let layers: [(own: String, inGGUF: [String])] = [
        ("self_attn.qkv_proj", ["attn_q", "attn_k", "attn_v"]), ("self_attn.o_proj", ["attn_output"]),
        ("shared_mlp.input_linear", ["ffn_gate", "ffn_up"]), ("shared_mlp.output_linear", ["ffn_down"]),
    ]

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let both = ["model.layers.*.shared_mlp.input_linear.base_layer.weight"]
        var parts: [ExactName: [String]] = ["blk.*.ffn_gate.weight": both, "blk.*.ffn_up.weight": both]
        for (own, inGGUF) in layers {
            for (slice, name) in inGGUF.enumerated() {
                for (part, end) in [("A", "lora_a"), ("B", "lora_b")] {
                    let place = inGGUF.count == 1 ? "lora_\(part)" : "lora_\(part)_slices.\(slice)"
                    parts[ExactName("blk.*.\(name).\(end)")] = ["model.layers.*.\(own).\(place)"]
                }
            }
        }
        return [names.without(["embed_tokens", "norm"]).storing(parts)]
    }

    /// One less than the configuration states: what chooses the adapters has no weights.
    static func blockCount(_ config: ModelConfig) throws(ConversionError) -> Int {
        try config.blockCount() - 1
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let adapters = layers.flatMap(\.inGGUF).flatMap { ["\($0).lora_a.", "\($0).lora_b."] }
        return RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "ffn_norm", "attn_qkv", "attn_output"] + RequiredTensors.dense + adapters)
    }

    static func name(of tensor: String) -> String? {
        if ["model.switch.", "switch."].contains(where: { tensor.hasUTF8Prefix($0) }) { return nil }
        let last = tensor.split(separator: ".").last.map(String.init) ?? ""
        if ["adapter_token_ids", "control_to_substitute_lut"].containsExactly(last) { return nil }
        return Granite.name(of: tensor)
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        let config = model.config
        heads = try config.size("num_attention_heads")
        keyHeads = try config.size("num_key_value_heads")
        var length = 0
        for key in ["projection_head_dim", "head_dim"] where length == 0 && config[key]?.isTruthy == true {
            length = try config.size(key)
        }
        self.length = try ModelConfig.rotatedHead(
            length > 0 ? length : try config.size("hidden_size") / heads)
    }

    // MARK: Tensors

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name == "lm_head.weight" { return [] }
        for layer in Self.layers where name.containsUTF8(".\(layer.own).") {
            guard let block = TensorNames.block(of: name) else { throw .unknownTensor(name, self.name) }
            let end = name.split(separator: ".").drop { $0 != layer.own.split(separator: ".")[1] }.dropFirst()
            let start = "blk.\(block)."
            let place = end.joined(separator: ".")
            if place == "base_layer.weight" { return try base(name, value, layer.inGGUF, start) }
            for (slice, inGGUF) in layer.inGGUF.enumerated() {
                let end = layer.inGGUF.count == 1 ? "" : "_slices.\(slice)"
                let rows = inGGUF == "attn_q" ? heads : inGGUF == "attn_k" ? keyHeads : nil
                if place == "lora_A\(end)" {
                    return [ConvertedTensor("\(start)\(inGGUF).lora_a", try stacked(name, value, heads: nil))]
                }
                if place == "lora_B\(end)" {
                    return [
                        ConvertedTensor("\(start)\(inGGUF).lora_b", try stacked(name, value, heads: rows))
                    ]
                }
            }
            throw .unknownTensor(name, self.name)
        }
        return [try Self.names.renamed(name, value, self.name)]
    }

    /// The matrix that adapters change, with the rows of queries and keys in GGUF's order, or in its halves.
    private func base(
        _ name: String, _ value: TensorValue, _ inGGUF: [String], _ start: String
    ) throws(ConversionError) -> [ConvertedTensor] {
        guard inGGUF.count > 1 else { return [try Self.names.renamed(name, value, self.name)] }
        let sizes =
            inGGUF.count == 3
            ? [heads * length, keyHeads * length, keyHeads * length]
            : [Int](repeating: try config.size("shared_intermediate_size"), count: 2)
        guard let view = value.view, view.shape.count == 2, view.shape[0] == sizes.reduce(0, +) else {
            throw .wrongShape(name, value.shape, "which has not \(sizes.reduce(0, +)) rows")
        }
        var parts: [TensorView] = []
        var first = 0
        for size in sizes {
            guard let part = view.sliced(axis: 0, first..<first + size) else {
                throw .wrongShape(name, value.shape, "which has no such rows")
            }
            parts.append(part)
            first += size
        }
        guard inGGUF.count == 3 else {
            return zip(inGGUF, parts).map { ConvertedTensor("\(start)\($0).weight", TensorValue($1)) }
        }
        for (place, count) in [(0, heads), (1, keyHeads)] {
            parts[place] = try turned(name, parts[place], axis: 0, heads: count)
        }
        return [ConvertedTensor("\(start)attn_qkv.weight", TensorValue(parts, shape: value.shape))]
    }

    /// Rows in the order of pairs that are rotated together.
    private func turned(
        _ name: String, _ view: TensorView, axis: Int, heads: Int
    ) throws(ConversionError) -> TensorView {
        let rows = view.shape[axis]
        guard rows.isMultiple(of: 2 * heads),
            let split = view.split(axis: axis, into: [heads, 2, rows / heads / 2])
        else { throw .wrongShape(name, view.shape, "whose rows are not those of \(heads) heads") }
        return split.swapped(axis + 1, axis + 2)
    }

    /// The matrices of all adapters behind one of zeros.
    private func stacked(_ name: String, _ value: TensorValue, heads: Int?) throws(ConversionError)
        -> TensorValue
    {
        let count = try config.size("num_adapters")
        guard let view = value.view, view.shape.count == 4, view.shape[0] == count,
            let plain = view.dropping(axis: 1)
        else { throw .wrongShape(name, value.shape, "which is not that of \(count) adapters") }
        let shape = Array(plain.shape.dropFirst())
        let own = try heads.map { (heads) throws(ConversionError) in
            try turned(name, plain, axis: 1, heads: heads)
        }
        return TensorValue(
            [TensorView(zerosOf: view.tensor, shape: [1] + shape), own ?? plain], shape: [count + 1] + shape)
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGranite(config, fileType: fileType)
        metadata.set("block_count", try ModelMetadata.count(Self.blockCount(config)))
        if config["shared_intermediate_size"]?.isTruthy == true {
            try metadata.addCount("expert_shared_feed_forward_length", config, ["shared_intermediate_size"])
        }
        if config["num_local_experts"]?.isTruthy != true { metadata.set("expert_used_count", .uint32(0)) }
        let count = try config.size("num_adapters")
        metadata.set("adapters.count", try ModelMetadata.count(count))
        metadata.set("adapters.lora_rank", try ModelMetadata.count(config.size("max_lora_rank")))
        for (key, own) in [
            ("token_ids_activate", "adapter_token_ids"),
            ("token_ids_substitute", "adapter_substitute_token_ids"),
        ] {
            guard let list = config[own]?.array, list.count == count else {
                throw .wrongValue(own, config[own] ?? .null, "a token for each of \(count) adapters")
            }
            try metadata.addNeededCount("adapters.\(key)", config, [own])
        }
        let gain = try config.numberIfPresent("control_token_gain") ?? 15
        metadata.set("adapters.router_gain", .float32(Float(gain)))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try Llama.addVocabulary(to: &metadata, vocabulary, model)
    }
}
