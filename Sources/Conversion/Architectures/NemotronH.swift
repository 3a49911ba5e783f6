import Formats
import Tensors

/// Nvidia's Nemotron H, Nemotron 3 Nano and Super, and Puzzle: every block is one of Mamba 2, attention, a feed-forward
/// part, or experts.
struct NemotronH: ModelArchitecture {
    static let classes = ["NemotronHForCausalLM", "NemotronHPuzzleForCausalLM"]
    /// The reference's transformers knows none of these, so that it takes configurations as they stand.
    static let modelTypes: [String] = []

    let name: String
    private let config: ModelConfig
    private let kinds: [NemotronBlock]
    private let layers: Mamba2Layers
    private let heads: RotaryHeads
    private var experts: ExpertStacks?
    private let prediction: Bool
    private var predicted: Set<ExactName> = []
    private var blockCount: Int { kinds.count + (prediction ? 1 : 0) }

    // MARK: Names

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let own = names.storingExperts(
            "backbone.layers.*.mixer.experts", count: config.first(["n_routed_experts"])?.wholeNumber,
            [(".up_proj", "ffn_up_exps"), (".down_proj", "ffn_down_exps")])
        return [own]
    }

    private static let names: TensorNames = {
        var names = Mamba2Layers.names("backbone.layers.*.mixer")
        for (name, inGGUF) in [
            ("norm", "attn_norm"), ("mixer.q_proj", "attn_q"), ("mixer.k_proj", "attn_k"),
            ("mixer.v_proj", "attn_v"), ("mixer.o_proj", "attn_output"), ("mixer.up_proj", "ffn_up"),
            ("mixer.down_proj", "ffn_down"), ("mixer.gate", "ffn_gate_inp"),
            ("mixer.gate.e_score_correction", "exp_probs_b"), ("mixer.experts.up_proj", "ffn_up_exps"),
            ("mixer.experts.down_proj", "ffn_down_exps"),
            ("mixer.shared_experts.up_proj", "ffn_up_shexp"),
            ("mixer.shared_experts.down_proj", "ffn_down_shexp"),
            ("mixer.fc1_latent_proj", "ffn_latent_down"), ("mixer.fc2_latent_proj", "ffn_latent_up"),
        ] { names[ExactName("backbone.layers.*.\(name)")] = "blk.*.\(inGGUF)" }
        return TensorNames(names).adding([
            "backbone.embeddings": "token_embd", "backbone.norm_f": "output_norm", "lm_head": "output",
        ]).adding(QwenPrediction.names).adding([
            "model.layers.*.post_attention_layernorm": "blk.*.post_attention_norm"
        ])
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let kinds = (try? NemotronBlock.kinds(config)) ?? []
        return RequiredTensors(RequiredTensors.embeddings) { block in
            ["attn_norm"] + (kinds.indices.contains(block) ? kinds[block].required(config) : [])
        }
    }

    static func name(of tensor: String) -> String? {
        var name = tensor
        if name.hasUTF8Prefix("model.") {
            name = String(decoding: name.utf8.dropFirst(6), as: UTF8.self)
            let isWhole = ["backbone", "lm_head"].contains { name.hasUTF8Prefix($0) }
            if !isWhole { name = "backbone." + name }
        }
        return Granite.name(of: StateSpace.name(of: name))
    }

    // MARK: Tensors

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        let isPuzzle = config.architecture.hasUTF8Prefix("NemotronHPuzzle")
        kinds = try NemotronBlock.kinds(config)
        let hasExperts = isPuzzle || config["num_experts_per_tok"] != nil
        name = hasExperts ? "nemotron_h_moe" : "nemotron_h"
        let ahead = try config.integerIfPresent("num_nextn_predict_layers") ?? 0
        // Who trains a model on leaves the block out; the reference does so with `--no-mtp`.
        let isStored = model.tensors.isEmpty || model.tensors.contains { $0.name.hasUTF8Prefix("mtp.") }
        prediction = hasExperts && !isPuzzle && ahead > 0 && isStored
        guard !prediction || ahead == 1 else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"num_nextn_predict_layers\" is \(ahead), and GGUF has one such block for this family",
                fix: "check that it is the config.json of this model")
        }
        let heads = try config.mambaSize("num_heads")
        let inner = try heads * config.size("mamba_head_dim", "hidden_size", "d_model")
        layers = try Mamba2Layers(groups: try config.mambaSize("n_groups", "num_groups"), inner: inner)
        self.heads = try RotaryHeads(config)
        if hasExperts {
            experts = ExpertStacks(
                count: try config.size("n_routed_experts"), parts: ["down_proj", "up_proj"],
                path: "mixer.experts")
        }
    }

    mutating func convert(_ stored: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor]
    {
        let isAhead = stored.hasUTF8Prefix("mtp.")
        let isPuzzle = config.architecture.hasUTF8Prefix("NemotronHPuzzle")
        if isAhead, isPuzzle { return [] }
        let name = isAhead && prediction ? Self.ahead(stored, kinds.count) : stored
        var converted: [ConvertedTensor] = []
        for tensor in try added(name, value) {
            let value = try heads.interleaved(tensor.name, tensor.value)
            converted.append(
                try layers.shaped(try Self.names.renamed(tensor.name, value, self.name), tensor.name))
        }
        if isAhead, prediction { predicted.insert(stored) }
        return converted
    }

    private mutating func added(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [(name: String, value: TensorValue)] {
        do throws(ConversionError) {
            return try experts?.add(name, value) ?? [(name, value)]
        } catch {
            throw stored(error)
        }
    }

    /// The name of a tensor of the block that predicts, which checkpoints have in two parts, as if it were behind the
    /// others.
    private static func ahead(_ name: String, _ block: Int) -> String {
        let own = [
            "mtp.layers.0.enorm": "enorm", "mtp.layers.0.hnorm": "hnorm", "mtp.layers.0.eh_proj": "eh_proj",
            "mtp.layers.1.norm": "post_attention_layernorm",
            "mtp.layers.1.final_layernorm": "shared_head.norm",
        ]
        if let base = name.dropping(".weight"), let found = own[base] {
            return "model.layers.\(block).\(found).weight"
        }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 3, parts[1] == "layers", ["0", "1"].contains(parts[2]) else { return name }
        return "backbone.layers.\(block).\(parts.dropFirst(3).joined(separator: "."))"
    }

    func finish() throws(ConversionError) {
        do throws(ConversionError) {
            try experts?.finish()
        } catch {
            throw stored(error)
        }
        let missing = predicted.isEmpty ? [] : NemotronBlock.ahead(config).filter { !predicted.contains($0) }
        guard missing.isEmpty else { throw .missingTensors(missing) }
    }

    /// The error with names as the checkpoint has them.
    private func stored(_ error: ConversionError) -> ConversionError {
        guard error.code == .tensorMissing else { return error }
        let start = "backbone.layers.\(kinds.count)."
        return .missingTensors(error.tensors.map { $0.replacingUTF8(start, with: "mtp.layers.1.") })
    }

    static func blockCount(_ config: ModelConfig) throws(ConversionError) -> Int {
        try NemotronBlock.kinds(config).count
    }

    static func missingPredictions(_ config: ModelConfig, stored: [String]) -> [String] {
        let isPuzzle = config.architecture.hasUTF8Prefix("NemotronHPuzzle")
        let own = Set(exactly: stored.filter { $0.hasUTF8Prefix("mtp.") })
        let isStated = (config.first(["num_nextn_predict_layers"])?.wholeNumber ?? 0) > 0
        guard !own.isEmpty, isStated, !isPuzzle else { return [] }
        return NemotronBlock.ahead(config).filter { !own.contains($0) }
    }

    /// The reference looks for the router by the number that its block has in the checkpoint.
    func type(of name: String, shape: [Int], wanted: OutputType) -> GGMLType? {
        guard prediction, name.hasSameBytes(as: "blk.\(kinds.count).ffn_gate_inp.weight") else { return nil }
        return (shape.last ?? 1).isMultiple(of: wanted.type.blockLength) ? wanted.type : .f16
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        var own = config
        let headLength = try config.size("head_dim", "attention_head_dim")
        own["head_dim"] = nil
        own["num_hidden_layers"] = .integer(kinds.count)
        try metadata.addGenericParameters(own, fileType: fileType)
        metadata.set("block_count", try ModelMetadata.count(blockCount))
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        for (key, count) in [
            ("rope.dimension_count", try own.headLength()),
            ("ssm.conv_kernel", try config.mambaSize("conv_kernel", "d_conv")),
            (
                "ssm.state_size",
                try config.mambaSize("state_size", "d_state", "state_dim", "ssm_state_size")
            ), ("ssm.group_count", layers.groups), ("ssm.inner_size", layers.inner),
            ("ssm.time_step_rank", try config.mambaSize("n_heads", "num_heads")),
        ] { metadata.set(key, try ModelMetadata.count(count)) }
        let keyHeads = try config.size("num_key_value_heads", "n_head_kv")
        func blocks(_ last: Int, _ count: (Int) -> Int) -> GGUFContent {
            .int32s(((0..<kinds.count).map(count) + (prediction ? [last] : [])).map { Int32(clamping: $0) })
        }
        metadata.set(
            "attention.head_count_kv", blocks(keyHeads) { kinds[$0] == .attention ? keyHeads : 0 })
        metadata.set("rope.scaling.finetuned", .bool(false))
        metadata.set("context_length", .uint32(1 << 20))
        metadata.set("attention.key_length", try ModelMetadata.count(headLength))
        metadata.set("attention.value_length", try ModelMetadata.count(headLength))
        guard experts != nil else {
            let inner = try config.size("intermediate_size", "n_inner", "hidden_dim")
            return metadata.set("feed_forward_length", blocks(inner) { kinds[$0] == .dense ? inner : 0 })
        }
        try addExperts(to: &metadata, blocks)
    }

    private func addExperts(
        to metadata: inout ModelMetadata, _ blocks: (Int, (Int) -> Int) -> GGUFContent
    ) throws(ConversionError) {
        // Only Puzzle's blocks are counted by this list.
        let isPuzzle = config.architecture.hasUTF8Prefix("NemotronHPuzzle")
        if isPuzzle, let own = config["block_configs"]?.array {
            let inner = blocks(0) { own[$0]["moe_intermediate_size"]?.wholeNumber ?? 0 }
            metadata.set("feed_forward_length", inner)
            metadata.set("expert_feed_forward_length", inner)
            metadata.set(
                "expert_used_count", blocks(0) { own[$0]["num_experts_per_tok"]?.wholeNumber ?? 0 })
        } else {
            let inner = try config.size("moe_intermediate_size")
            metadata.set("feed_forward_length", blocks(inner) { kinds[$0] == .experts ? inner : 0 })
            try metadata.addNeededCount("expert_used_count", config, ["num_experts_per_tok"])
            metadata.set("expert_feed_forward_length", try ModelMetadata.count(inner))
        }
        for (key, name) in [
            ("expert_shared_feed_forward_length", "moe_shared_expert_intermediate_size"),
            ("expert_count", "n_routed_experts"), ("expert_shared_count", "n_shared_experts"),
        ] { try metadata.addNeededCount(key, config, [name]) }
        guard let isScaled = config.boolIfPresent("norm_topk_prob") else {
            throw ModelConfig.missing(["norm_topk_prob"])
        }
        metadata.set("expert_weights_norm", .bool(isScaled))
        metadata.set("expert_weights_scale", .float32(Float(try config.number("routed_scaling_factor"))))
        try metadata.addNeededCount("expert_group_count", config, ["n_group"])
        try metadata.addCount("moe_latent_size", config, ["moe_latent_size"])
        if prediction { metadata.set("nextn_predict_layers", .uint32(1)) }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.padded(toMultipleOf: 8).addBPE(to: &metadata)
    }
}

/// What a block of Nemotron H is.
enum NemotronBlock: Sendable {
    /// A layer of Mamba 2, attention, a feed-forward part, experts, or what the converter takes for none of these.
    case state, attention, dense, experts, other

    /// The kinds of all blocks: a letter for each, a name for each, or a configuration for each.
    static func kinds(_ config: ModelConfig) throws(ConversionError) -> [NemotronBlock] {
        let hasExperts = config["num_experts_per_tok"] != nil
        if let own = config["block_configs"]?.array, config.architecture.hasUTF8Prefix("NemotronHPuzzle") {
            return own.map { kind($0["block_type"]?.string, hasExperts: true) }
        }
        let kinds: [NemotronBlock]
        if let letters = config.first(["hybrid_override_pattern"])?.string, !letters.isEmpty {
            kinds = letters.unicodeScalars.map { letter in
                switch letter {
                case "M": .state
                case "*": .attention
                case "E": hasExperts ? .experts : .other
                case "-": hasExperts ? .other : .dense
                default: .other
                }
            }
        } else if let names = config.first(["layers_block_type"])?.array {
            kinds = names.map { kind($0.string, hasExperts: hasExperts) }
        } else {
            throw ModelConfig.missing(["hybrid_override_pattern", "layers_block_type"])
        }
        let named = config.first(["layers_block_type"])?.array?.count
        var count = kinds.count
        if let named { count = named } else { count = try config.blockCount() }
        guard count == kinds.count else {
            throw ConversionError(
                .configValueWrong,
                "config.json: the pattern has \(kinds.count) blocks, and the model has \(count)",
                fix: "check that it is the config.json of this model")
        }
        return kinds
    }

    private static func kind(_ name: String?, hasExperts: Bool) -> NemotronBlock {
        switch name {
        case "mamba", "linear_attention": .state
        case "attention", "full_attention": .attention
        case "moe": .experts
        case "mlp": hasExperts ? .other : .dense
        default: .other
        }
    }

    /// What it must have beside a norm.
    func required(_ config: ModelConfig) -> [String] {
        switch self {
        case .state: Mamba2Layers.required(hasBias: config["use_conv_bias"]?.isTruthy ?? true)
        case .attention: RequiredTensors.attention
        case .dense: ["ffn_up", "ffn_down"]
        case .experts: Self.experts(config)
        case .other: []
        }
    }

    private static func experts(_ config: ModelConfig) -> [String] {
        let isShared = (config.first(["n_shared_experts"])?.wholeNumber ?? 0) > 0
        let isLatent = (config.first(["moe_latent_size"])?.wholeNumber ?? 0) > 0
        return ["ffn_gate_inp", "exp_probs_b.bias", "ffn_up_exps", "ffn_down_exps"]
            + (isShared ? ["ffn_up_shexp", "ffn_down_shexp"] : [])
            + (isLatent ? ["ffn_latent_down", "ffn_latent_up"] : [])
    }

    /// What the block must have that predicts, with the names that checkpoints have.
    static func ahead(_ config: ModelConfig) -> [String] {
        func count(_ key: String) -> Int { min(max(config.first([key])?.wholeNumber ?? 0, 0), 4_096) }
        let mixer =
            ["gate.weight", "gate.e_score_correction.bias"]
            + (count("n_shared_experts") > 0
                ? ["shared_experts.up_proj.weight", "shared_experts.down_proj.weight"] : [])
            + (count("moe_latent_size") > 0 ? ["fc1_latent_proj.weight", "fc2_latent_proj.weight"] : [])
            + (0..<count("n_routed_experts")).flatMap { expert in
                ["up_proj", "down_proj"].map { "experts.\(expert).\($0).weight" }
            }
        return ["0.enorm", "0.hnorm", "0.eh_proj", "0.norm", "1.norm", "1.final_layernorm"].map {
            "mtp.layers.\($0).weight"
        } + ["q", "k", "v", "o"].map { "mtp.layers.0.mixer.\($0)_proj.weight" }
            + mixer.map { "mtp.layers.1.mixer.\($0)" }
    }
}
