import Formats
import Glibc
import Tensors

/// StepFun's Step 3.5 and the part for text of Step 3.7: windows with more heads in most layers, gates behind
/// attention, and blocks that predict more than one token ahead.
struct Step35: ModelArchitecture {
    static let classes = ["Step3p5ForCausalLM", "Step3p7ForConditionalGeneration"]
    static let modelTypes: [String] = []

    let name = "step35"
    private let model: HuggingFaceModel
    private let config: ModelConfig
    private let blockCount: Int
    private let predictionCount: Int

    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names: TensorNames = {
        var names: [ExactName: String] = [
            "self_attn.g_proj": "attn_gate", "moe.gate": "ffn_gate_inp", "moe.router_bias": "exp_probs_b",
        ]
        for part in ["gate", "up", "down"] {
            names[ExactName("moe.\(part)_proj")] = "ffn_\(part)_exps"
            names[ExactName("share_expert.\(part)_proj")] = "ffn_\(part)_shexp"
        }
        let own = names.map { (ExactName("model.layers.*.\($0.key.text)"), "blk.*.\($0.value)") }
        let others = ["gate", "experts.gate_proj", "experts.up_proj", "experts.down_proj"].flatMap {
            ["model.layers.*.mlp.\($0)", "layers.*.mlp.\($0)"]
        }
        return TensorNames.llama.without(others).adding(TensorNames.headNorms).adding([
            "model.layers.*.eh_proj": "blk.*.nextn.eh_proj", "model.layers.*.enorm": "blk.*.nextn.enorm",
            "model.layers.*.hnorm": "blk.*.nextn.hnorm",
            "model.layers.*.embed_tokens": "blk.*.nextn.embed_tokens",
            "model.layers.*.transformer.shared_head.norm": "blk.*.nextn.shared_head_norm",
            "model.layers.*.transformer.shared_head.output": "blk.*.nextn.shared_head_head",
        ]).adding(Dictionary(own) { $1 })
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let stated = (try? layersWithExperts(config)) ?? nil
        let last = (try? config.blockCount()) ?? Int.max
        let attention =
            RequiredTensors.llama + RequiredTensors.headNorms
            + (config["use_head_wise_attn_gate"]?.isTruthy == true ? ["attn_gate"] : [])
        let experts =
            RequiredTensors.experts + RequiredTensors.sharedExperts
            + (config["use_moe_router_bias"]?.isTruthy == true ? ["exp_probs_b.bias"] : [])
        return RequiredTensors(RequiredTensors.embeddings) { block in
            if block >= last {
                return attention + RequiredTensors.dense + [
                    "nextn.eh_proj", "nextn.enorm", "nextn.hnorm", "nextn.shared_head_norm",
                    "nextn.shared_head_head",
                ]
            }
            // Where nothing is said, all but the first have experts.
            let hasExperts = stated.map { $0.contains(block) } ?? (block > 0)
            return attention + (hasExperts ? experts : RequiredTensors.dense)
        }
    }

    static func predictionCount(_ config: ModelConfig) -> Int { (try? config.predictionCount()) ?? 0 }

    static func name(of tensor: String) -> String? {
        guard let name = TextTensors.name(of: tensor) else { return nil }
        if name.hasUTF8Suffix(".moe.router_bias") { return name + ".bias" }
        let isHead = name.containsUTF8(".transformer.shared_head.")
        return isHead ? name : name.replacingUTF8(".transformer.", with: ".")
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        var config = model.config
        if let bases = config["rope_theta"]?.array {
            guard bases.count >= 2 else { throw ModelConfig.missing(["rope_theta"]) }
            config["rope_theta"] = bases[0]
            config["local_rope_theta"] = bases[1]
        }
        self.config = config
        blockCount = try config.blockCount()
        predictionCount = try config.predictionCount()
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        var value = name.hasUTF8Suffix("norm.weight") ? value.adding(1) : value
        let squeezed = ["self_attn.g_proj", "moe.gate", "moe.up_proj", "moe.gate_proj", "moe.down_proj"]
        if squeezed.contains(where: { name.hasUTF8Suffix(".\($0).weight") }) {
            value.shape.removeAll { $0 == 1 }
        }
        try check(name, value)
        return [try Self.names.renamed(name, value, self.name)]
    }

    /// Looks at the rows of attention, which differ by the kind of layer, and at the number of experts.
    private func check(_ name: String, _ value: TensorValue) throws(ConversionError) {
        let isStack = [".moe.up_proj.weight", ".moe.gate_proj.weight", ".moe.down_proj.weight"].contains {
            name.hasUTF8Suffix($0)
        }
        if isStack || name.hasUTF8Suffix(".moe.gate.weight") || name.hasUTF8Suffix(".router_bias.bias") {
            let count = try config.size("moe_num_experts")
            guard value.shape.first == count else {
                throw .wrongShape(name, value.shape, "which is not that of \(count) experts")
            }
        }
        guard let block = TensorNames.block(of: name), block < blockCount + predictionCount else { return }
        let (heads, keyHeads) = try heads(windowed: kinds()[block])
        let length = try config.headLength()
        for (end, rows) in [
            ("q_proj", heads &* length), ("k_proj", keyHeads &* length), ("v_proj", keyHeads &* length),
            ("g_proj", heads),
        ] where name.hasUTF8Suffix(".self_attn.\(end).weight") {
            guard value.shape.first == rows else {
                throw .wrongShape(name, value.shape, "which has not \(rows) rows")
            }
        }
    }

    // MARK: Layers

    /// Whether each layer has a window, those ahead included.
    private func kinds() throws(ConversionError) -> [Bool] {
        let count = min(blockCount + predictionCount, 1 << 16)
        let stated = (config["layer_types"]?.array ?? []).prefix(count).map { $0.isText("sliding_attention") }
        return stated + [Bool](repeating: false, count: count - stated.count)
    }

    private func heads(windowed: Bool) throws(ConversionError) -> (queries: Int, keys: Int) {
        let (queries, keys) = (
            try config.size("num_attention_heads"), try config.size("num_attention_groups")
        )
        guard windowed, let other = config["attention_other_setting"], other != .null else {
            return (queries, keys)
        }
        let own = (
            other["num_attention_heads"] ?? .integer(queries), other["num_attention_groups"] ?? .integer(keys)
        )
        guard let more = own.0.wholeNumber, let moreKeys = own.1.wholeNumber, more > 0, moreKeys > 0,
            more <= Int(Int32.max), moreKeys <= Int(Int32.max)
        else { throw ModelConfig.missing(["attention_other_setting"]) }
        return (more, moreKeys)
    }

    /// The layers that have experts; `nil` where the configuration does not list them.
    private static func layersWithExperts(_ config: ModelConfig) throws(ConversionError) -> Set<Int>? {
        guard let text = config["moe_layers_enum"]?.string else { return nil }
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0.filter { $0 != " " })
        }
        guard parts != [""] else { return nil }
        var layers: Set<Int> = []
        for part in parts {
            guard let number = Int(part) else { throw ModelConfig.missing(["moe_layers_enum"]) }
            layers.insert(number)
        }
        return layers
    }

    private static func leadingDense(_ config: ModelConfig) throws(ConversionError) -> Int {
        max(0, try layersWithExperts(config)?.min() ?? 0)
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let all = try ModelMetadata.count(blockCount + predictionCount)
        metadata.set("block_count", all)
        let windows = try kinds()
        try checkShares(windows)
        let plain = try heads(windowed: false)
        let windowed = try heads(windowed: true)
        metadata.set(
            "attention.head_count",
            .int32s(windows.map { Int32(clamping: $0 ? windowed.queries : plain.queries) }))
        metadata.set(
            "attention.head_count_kv",
            .int32s(windows.map { Int32(clamping: $0 ? windowed.keys : plain.keys) }))
        try metadata.addNeededCount("attention.sliding_window", config, ["sliding_window"])
        metadata.set("attention.sliding_window_pattern", .bools(windows))
        try metadata.addNeededCount("attention.value_length", config, ["head_dim"])
        for (key, own) in [
            ("expert_count", "moe_num_experts"), ("expert_used_count", "moe_top_k"),
            ("expert_feed_forward_length", "moe_intermediate_size"),
            ("expert_shared_feed_forward_length", "share_expert_dim"),
        ] { try metadata.addNeededCount(key, config, [own]) }
        try metadata.addFloat("expert_weights_scale", config, ["moe_router_scaling_factor"])
        if let isScaled = config.boolIfPresent("norm_expert_weight") {
            metadata.set("expert_weights_norm", .bool(isScaled))
        }
        metadata.set("leading_dense_block_count", try ModelMetadata.count(Self.leadingDense(config)))
        let step = config["moe_every_n_layer"] == nil ? 1 : try config.integer("moe_every_n_layer")
        metadata.set("moe_every_n_layers", try ModelMetadata.count(step))
        let epsilon = config["rms_norm_eps"] == nil ? 1e-5 : try config.number("rms_norm_eps")
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float(epsilon)))
        for (key, own) in [
            ("swiglu_clamp_exp", "swiglu_limits"), ("swiglu_clamp_shexp", "swiglu_limits_shared"),
        ] {
            guard let limits = config.first([own]) else { continue }
            metadata.set(key, .float32s(try Self.limits(limits, own, count: windows.count)))
        }
        if predictionCount > 0 {
            metadata.set("nextn_predict_layers", try ModelMetadata.count(predictionCount))
        }
    }

    /// Looks whether layers rotate half of their heads, and those with a window all of them.
    private func checkShares(_ windows: [Bool]) throws(ConversionError) {
        let stated = config["partial_rotary_factors"]?.array ?? []
        for (place, isWindowed) in windows.enumerated() {
            let share = place < stated.count ? stated[place].double : 0.5
            guard share == (isWindowed ? 1 : 0.5) else {
                throw ConversionError(
                    .configValueWrong,
                    "config.json: \"partial_rotary_factors\" is not 1 for layers with a window and 0.5 for others",
                    fix: "check that it is the config.json of this model")
            }
        }
    }

    /// What gates are bounded by in each layer, of which 0 is no bound.
    private static func limits(_ list: JSON, _ key: String, count: Int) throws(ConversionError) -> [Float] {
        var limits: [Float] = []
        for value in (list.array ?? []).prefix(count) {
            guard let number = value == .null ? 0 : value.double else { throw ModelConfig.missing([key]) }
            limits.append(Float(number))
        }
        guard list.array != nil else { throw ModelConfig.missing([key]) }
        return limits + [Float](repeating: 0, count: count - limits.count)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    // MARK: Rotations

    /// The factors of layers without a window, which stretch the rotated half of a head; others' slots are 1.
    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        let rope = RopeParameters(config)
        guard rope.type?.lowercased() == "llama3" else { return [] }
        let length = try config.rotatedHeadLength()
        let base = config["rope_theta"]?.double ?? 10000
        let factors = config["partial_rotary_factors"]?.array ?? []
        let types = config["layer_types"]?.array ?? []
        let share = zip(types, factors).first { $0.0.isText("full_attention") }?.1.double
        guard let share, let rotated = Int(exactly: (Double(length) * share).rounded(.towardZero)),
            (0...length).contains(rotated)
        else { throw ModelConfig.missing(["partial_rotary_factors"]) }
        let factor = rope.number("factor") ?? 8
        let (low, high) = (rope.number("low_freq_factor") ?? 1, rope.number("high_freq_factor") ?? 4)
        let context = (rope.number("original_max_position_embeddings") ?? 8192).rounded(.towardZero)
        var numbers: [Float] = []
        for index in stride(from: 0, to: rotated, by: 2) {
            let frequency = 1 / powf(Float(base), Float(index) / Float(rotated))
            let wavelength = 2 * Double.pi / Double(frequency)
            if wavelength < context / high {
                numbers.append(1)
            } else if wavelength > context / low {
                numbers.append(Float(factor))
            } else {
                let smooth = (context / wavelength - low) / (high - low)
                numbers.append(Float(1 / ((1 - smooth) / factor + smooth)))
            }
        }
        numbers += [Float](repeating: 1, count: max(0, length / 2 - numbers.count))
        return [ConvertedTensor("rope_freqs.weight", TensorValue(numbers: numbers, shape: [numbers.count]))]
    }
}
