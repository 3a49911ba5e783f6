import Formats
import Tensors

/// What Qwen3-Next, Qwen 3.5 and their kin share: most layers have a state (``GatedDeltaNet``), norms are counted from 1,
/// and blocks behind the last may predict more than one token ahead.
struct QwenHybrid: Sendable {
    private let config: ModelConfig
    private let architecture: String
    private let names: TensorNames
    private let delta: GatedDeltaNet
    private var experts: QwenExperts?
    private var prediction: QwenPrediction?

    /// Begins a conversion.
    /// - Parameter predicts: whether the blocks that predict more than one token ahead are written.
    init(
        _ model: HuggingFaceModel, _ architecture: String, _ names: TensorNames, predicts: Bool = true
    ) throws(ConversionError) {
        config = model.config
        self.architecture = architecture
        self.names = names
        delta = try GatedDeltaNet(config)
        // Their rows and columns would have to be put in another order with their factors.
        let isPacked = model.tensors.contains { $0.blockType != nil && $0.name.containsUTF8("linear_attn.") }
        guard !isPacked else {
            throw ConversionError(
                .quantizationUnknown,
                "layers with a state that are quantized to 4 bits (NVFP4) cannot be converted for this family",
                fix: "take the model with weights of 16 or 8 bits")
        }
        experts = Self.hasExperts(config) ? try QwenExperts(config) : nil
        prediction = predicts ? try QwenPrediction(model) : nil
    }

    private static func hasExperts(_ config: ModelConfig) -> Bool {
        config.first(["num_local_experts", "num_experts"]) != nil
    }

    // MARK: Names

    /// The names of all such models' tensors; those of the inner layers and of experts are a family's own.
    static let names: TensorNames = {
        var names: [ExactName: String] = [
            "model.embed_tokens": "token_embd", "lm_head": "output", "model.norm": "output_norm",
        ]
        for (name, inGGUF) in [
            "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
            "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
            "self_attn.q_norm": "attn_q_norm",
            "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "post_attention_norm",
        ] { names["model.layers.*.\(name)"] = "blk.*.\(inGGUF)" }
        return TensorNames(names).adding(GatedDeltaNet.names).adding(QwenPrediction.names)
    }()

    /// The names of the inner layers of those that have the inputs of their heads in four matrices.
    static let fourInputs: [ExactName: String] = [
        "model.layers.*.linear_attn.in_proj_qkv": "blk.*.attn_qkv",
        "model.layers.*.linear_attn.in_proj_z": "blk.*.attn_gate",
        "model.layers.*.linear_attn.in_proj_a": "blk.*.ssm_alpha",
        "model.layers.*.linear_attn.in_proj_b": "blk.*.ssm_beta",
    ]

    /// The names of a feed-forward part without experts.
    static let dense: [ExactName: String] = [
        "model.layers.*.mlp.gate_proj": "blk.*.ffn_gate", "model.layers.*.mlp.up_proj": "blk.*.ffn_up",
        "model.layers.*.mlp.down_proj": "blk.*.ffn_down",
    ]

    /// The names of a router, of stacks of experts, and of the expert that sees every token.
    static let withExperts: [ExactName: String] = {
        var names: [ExactName: String] = [
            "model.layers.*.mlp.gate": "blk.*.ffn_gate_inp",
            "model.layers.*.mlp.shared_expert_gate": "blk.*.ffn_gate_inp_shexp",
        ]
        for part in ["gate", "up", "down"] {
            names["model.layers.*.mlp.experts.\(part)_proj"] = "blk.*.ffn_\(part)_exps"
            names["model.layers.*.mlp.shared_expert.\(part)_proj"] = "blk.*.ffn_\(part)_shexp"
        }
        return names
    }()

    /// The name by which a tensor goes on.
    static func name(of tensor: String) -> String? { TextTensors.name(of: StateSpace.name(of: tensor)) }

    /// What a block must have by its kind, without norms before its parts.
    /// - Parameter inputs: a layer's with a state, beside those that all have.
    static func required(_ config: ModelConfig, _ block: Int, inputs: [String]) -> [String] {
        let layers =
            GatedDeltaNet.isLinear(config, block)
            ? GatedDeltaNet.required + inputs
            : RequiredTensors.attention + ["attn_q_norm", "attn_k_norm"]
        let experts = RequiredTensors.experts + RequiredTensors.sharedExperts + ["ffn_gate_inp_shexp"]
        return layers + (hasExperts(config) ? experts : RequiredTensors.dense)
    }

    // MARK: Tensors

    /// What is written of a tensor.
    mutating func convert(_ stored: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor]
    {
        if prediction == nil, stored.hasUTF8Prefix("mtp.") || stored.hasUTF8Prefix("model.mtp.") { return [] }
        let name = prediction?.renamed(stored) ?? stored
        var converted: [ConvertedTensor] = []
        if name.hasUTF8Suffix("in_proj_qkvz.weight"), let block = TensorNames.block(of: name) {
            let (inputs, gates) = try delta.separated(name, value)
            converted = [
                ConvertedTensor("blk.\(block).attn_qkv.weight", inputs),
                ConvertedTensor("blk.\(block).attn_gate.weight", gates),
            ]
        } else {
            for tensor in try added(name, try computed(name, value)) {
                converted.append(try names.renamed(tensor.name, tensor.value, architecture))
            }
        }
        prediction?.add(stored)
        return converted
    }

    private func computed(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        let value = StateSpace.decay(
            name, StateSpace.squeezed(name, isSplit ? try delta.tiled(name, value) : value))
        let isOwnNorm = name.hasUTF8Suffix("linear_attn.norm.weight")
        return name.hasUTF8Suffix("norm.weight") && !isOwnNorm ? value.adding(1) : value
    }

    /// Whether queries, keys and values are stored apart from gates; the other form is repeated by llama.cpp as it is.
    private var isSplit: Bool { names["model.layers.0.linear_attn.in_proj_qkv"] != nil }

    private mutating func added(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [(name: String, value: TensorValue)] {
        do throws(ConversionError) {
            return try experts?.add(name, value) ?? [(name, value)]
        } catch {
            throw stored(error)
        }
    }

    /// Looks at what is left.
    /// - Throws: where a stack of experts or a block that predicts is not whole.
    func finish() throws(ConversionError) {
        do throws(ConversionError) {
            try experts?.finish()
        } catch {
            throw stored(error)
        }
        try prediction?.finish()
    }

    private func stored(_ error: ConversionError) -> ConversionError {
        guard let prediction, error.code == .tensorMissing else { return error }
        return .missingTensors(error.tensors.map(prediction.stored))
    }

    // MARK: Metadata

    /// Adds the keys.
    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let ahead = prediction?.count ?? 0
        let trunk = try config.size("num_hidden_layers")
        metadata.set("block_count", try ModelMetadata.count(trunk + ahead))
        try metadata.addCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        try metadata.addCount(
            "expert_shared_feed_forward_length", config, ["shared_expert_intermediate_size"])
        if ahead > 0 { metadata.set("nextn_predict_layers", try ModelMetadata.count(ahead)) }
        try delta.addParameters(to: &metadata, config, blockCount: trunk + ahead)
    }

    /// Adds the rotations' sections where the configuration leaves them out, as Qwen 3.5 and its kin need them.
    func addSections(to metadata: inout ModelMetadata) {
        guard RopeParameters(config).shared("mrope_section") == nil else { return }
        // The default of transformers' classes.
        metadata.set("rope.dimension_sections", .int32s([11, 11, 10, 0]))
    }
}

/// A family of such models: what differs between them are names and sizes.
protocol QwenHybridFamily: ModelArchitecture {
    /// What they share, which has seen the tensors.
    var hybrid: QwenHybrid { get set }
    /// The inputs of a layer with a state, beside those that all have.
    static var inputs: [String] { get }
}

extension QwenHybridFamily {
    /// Those that have a matrix for each.
    static var inputs: [String] { ["ssm_alpha", "ssm_beta"] }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(RequiredTensors.embeddings) { block in
            ["attn_norm", "post_attention_norm"] + QwenHybrid.required(config, block, inputs: inputs)
        }
    }

    static func name(of tensor: String) -> String? { QwenHybrid.name(of: tensor) }

    static func missingPredictions(_ config: ModelConfig, stored: [String]) -> [String] {
        QwenPrediction.missing(config, stored: stored)
    }

    mutating func convert(
        _ name: String, _ value: TensorValue
    ) throws(ConversionError) -> [ConvertedTensor] {
        try hybrid.convert(name, value)
    }

    func finish() throws(ConversionError) { try hybrid.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try hybrid.addParameters(to: &metadata, fileType: fileType)
        hybrid.addSections(to: &metadata)
    }

    func addVocabulary(
        to metadata: inout ModelMetadata, _ vocabulary: Vocabulary
    ) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
