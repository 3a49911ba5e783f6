import Formats
import Tensors

/// IBM's Granite 4 and Bamba: layers of Mamba 2 among those with attention, with experts and without. Models of the
/// same class whose layers all have attention are Granite's, with experts or without.
struct GraniteHybrid: ModelArchitecture {
    static let classes = ["GraniteMoeHybridForCausalLM", "BambaForCausalLM"]
    /// The converter takes the configuration as it stands.
    static let modelTypes: [String] = []

    let name: String
    let rulesName = "granitehybrid"
    private let config: ModelConfig
    private let granite: GraniteMoe
    private let layers: Mamba2Layers
    private let attentionLayers: Set<Int>
    private let blockCount: Int
    private var hasState: Bool { attentionLayers.count < blockCount }

    // MARK: Names

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        config.architecture.hasUTF8Prefix("Bamba")
            ? names.without([
                "model.norm", "norm", "model.layers.*.post_attention_layernorm",
                "layers.*.post_attention_layernorm",
            ]).spellings : GraniteMoe.spellings(config).map { $0.adding(layerNames) }
    }

    private static let layerNames = Mamba2Layers.names("model.layers.*.mamba")
    private static let others: [ExactName: String] = layerNames.merging(
        [
            "model.final_layernorm": "output_norm", "model.layers.*.pre_ff_layernorm": "blk.*.ffn_norm",
            "model.layers.*.feed_forward.gate_proj": "blk.*.ffn_gate",
            "model.layers.*.feed_forward.up_proj": "blk.*.ffn_up",
            "model.layers.*.feed_forward.down_proj": "blk.*.ffn_down",
        ]
    ) { $1 }
    private static let names = TensorNames.llama.without(TensorNames.denseLayers).adding([
        "model.layers.*.block_sparse_moe.router.layer": "blk.*.ffn_gate_inp",
        "model.layers.*.block_sparse_moe.output_linear": "blk.*.ffn_down_exps",
    ]).adding(others)

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let granite = GraniteMoe.requiredTensors(config)
        let attention = (try? Self.attentionLayers(config)) ?? []
        let hasBias = config["mamba_conv_bias"]?.isTruthy ?? true
        return RequiredTensors(granite.whole) { block in
            guard !attention.contains(block) else { return granite.block(block) }
            return granite.block(block).filter { !RequiredTensors.attention.contains($0) }
                + Mamba2Layers.required(hasBias: hasBias)
        }
    }

    static func name(of tensor: String) -> String? { Granite.name(of: StateSpace.name(of: tensor)) }

    /// The layers that have attention: by their kinds, their numbers, or a period.
    private static func attentionLayers(_ config: ModelConfig) throws(ConversionError) -> Set<Int> {
        if let types = config.first(["layer_types"])?.array, !types.isEmpty {
            // As IBM published it, and as transformers 5 saves it.
            return Set(
                types.indices.filter { types[$0].isText("attention") || types[$0].isText("full_attention") })
        }
        if let numbers = config.first(["attn_layer_indices"])?.array, !numbers.isEmpty {
            return Set(numbers.compactMap(\.wholeNumber))
        }
        let (period, offset) = (
            try config.size("attn_layer_period"), try config.integer("attn_layer_offset")
        )
        let count = min(try config.blockCount(), 1 << 16)
        return Set((0..<count).filter { $0 % period == offset })
    }

    // MARK: Tensors

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        blockCount = try config.blockCount()
        // A list is written with a number for each.
        guard blockCount <= 1 << 16 else {
            throw ConversionError(
                .configValueWrong, "config.json: \(blockCount) layers are more than a model has",
                fix: "check that it is the config.json of this model")
        }
        attentionLayers = try Self.attentionLayers(config).filter { [blockCount] in $0 >= 0 && $0 < blockCount
        }
        let experts = config.first(["num_experts_per_tok", "num_experts_per_token"])
        name =
            attentionLayers.count < blockCount
            ? "granitehybrid" : experts?.isTruthy == true ? "granitemoe" : "granite"
        granite = try GraniteMoe(model)
        let inner =
            try config.mambaSize("expand", "num_heads")
            * config.size("mamba_head_dim", "hidden_size", "d_model")
        layers = try Mamba2Layers(groups: try config.mambaSize("n_groups", "num_groups"), inner: inner)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let isInner =
            name.hasUTF8Suffix("block_sparse_moe.input_linear.weight")
            || name.containsUTF8("shared_mlp")
        guard !isInner, let block = TensorNames.block(of: name) else {
            return isInner
                ? try granite.convert(name, value) : [try Self.names.renamed(name, value, self.name)]
        }
        if attentionLayers.contains(block), name.containsUTF8("self_attn.") {
            return try granite.convert(name, value)
        }
        let tensor = try Self.names.renamed(name, value, self.name)
        return [attentionLayers.contains(block) ? tensor : try layers.shaped(tensor, name)]
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try granite.addParameters(to: &metadata, fileType: fileType)
        for (key, count) in [
            ("conv_kernel", try config.mambaSize("conv_kernel", "d_conv")),
            ("state_size", try config.mambaSize("state_size", "d_state", "state_dim", "ssm_state_size")),
            ("group_count", layers.groups), ("inner_size", layers.inner),
            ("time_step_rank", try config.mambaSize("n_heads", "num_heads")),
        ] { metadata.set("ssm.\(key)", try ModelMetadata.count(count)) }
        let rotated = config.first(["attn_rotary_emb"])?.wholeNumber ?? 0
        if rotated != 0 { metadata.set("rope.dimension_count", try ModelMetadata.count(rotated)) }
        let heads = try config.size("num_key_value_heads", "n_head_kv")
        metadata.set(
            "attention.head_count_kv",
            .int32s((0..<blockCount).map { attentionLayers.contains($0) ? Int32(clamping: heads) : 0 }))
        let isRotating = config.architecture.hasUTF8Prefix("Bamba") || !hasState
        metadata.set("rope.scaling.finetuned", .bool(isRotating))
        if !isRotating { metadata.set("context_length", .uint32(1 << 20)) }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try Mamba2.addVocabulary(to: &metadata, vocabulary, multiple: hasState ? 8 : 1)
    }
}
