import Formats
import Tensors

/// Meta's Llama 4, of models with pictures the part for text: experts in some layers, whose matrices are stored
/// transposed.
struct Llama4: BuiltOnLlama {
    static let classes = ["Llama4ForCausalLM", "Llama4ForConditionalGeneration"]
    static let modelTypes = ["llama4", "llama4_text"]

    let name = "llama4"
    var llama: Llama
    private let config: ModelConfig

    static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names: TensorNames = {
        let start = "model.layers.*.feed_forward"
        let experts = "\(start).experts.gate_up_proj"
        var names: [ExactName: String] = ["model.layers.*.feed_forward.router": "blk.*.ffn_gate_inp"]
        for part in ["gate", "up", "down"] {
            for (own, end) in [("", ""), ("experts.", "_exps"), ("shared_expert.", "_shexp")] {
                names[ExactName("\(start).\(own)\(part)_proj")] = "blk.*.ffn_\(part)\(end)"
            }
        }
        return TensorNames.llama.without(TensorNames.denseLayers).adding(names).storing([
            "blk.*.ffn_gate_exps.weight": [experts], "blk.*.ffn_up_exps.weight": [experts],
            "blk.*.ffn_down_exps.weight": ["\(start).experts.down_proj"],
        ])
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let step = max(1, config.first(["interleave_moe_layer_step"])?.wholeNumber ?? 1)
        return RequiredTensors(RequiredTensors.embeddings) { block in
            guard (block &+ 1).isMultiple(of: step) else {
                return RequiredTensors.llama + RequiredTensors.dense
            }
            return RequiredTensors.llama + RequiredTensors.experts + RequiredTensors.sharedExperts
        }
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        llama = try Llama(model)
        config = model.config
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name.containsUTF8("gate_up_proj") {
            let last = value.shape.count - 1
            guard last >= 1, value.shape[last].isMultiple(of: 2), let view = value.view else {
                throw .wrongShape(name, value.shape, "which has no two halves")
            }
            let (half, turned) = (value.shape[last] / 2, view.swapped(last - 1, last))
            guard let gate = turned.sliced(axis: last - 1, 0..<half),
                let up = turned.sliced(axis: last - 1, half..<2 * half)
            else { throw .wrongShape(name, value.shape, "which has no two halves") }
            return [
                try renamed(name.replacingUTF8("gate_up_proj", with: "gate_proj.weight"), TensorValue(gate)),
                try renamed(name.replacingUTF8("gate_up_proj", with: "up_proj.weight"), TensorValue(up)),
            ]
        }
        if name.hasUTF8Suffix("down_proj") {
            let last = value.shape.count - 1
            guard last >= 1, let view = value.view else {
                throw .wrongShape(name, value.shape, "which is no stack of matrices")
            }
            return [try renamed(name + ".weight", TensorValue(view.swapped(last - 1, last)))]
        }
        return [try renamed(name, value)]
    }

    private func renamed(_ name: String, _ value: TensorValue) throws(ConversionError) -> ConvertedTensor {
        try Self.names.renamed(name, value, self.name)
    }

    func finish() {}

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        var config = config
        // What is `intermediate_size` elsewhere has another name here.
        config["intermediate_size"] = .integer(try config.size("intermediate_size_mlp"))
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addWholeHeads(config)
        try metadata.addNeededCount(
            "interleave_moe_layer_step", config, ["interleave_moe_layer_step"])
        try metadata.addNeededCount("expert_feed_forward_length", self.config, ["intermediate_size"])
        if let types = config["layer_types"]?.array, types.allSatisfy({ $0.isText("full_attention") }) {
            metadata.set("attention.sliding_window", .uint32(0))
        }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard modelType == "llama4_text" else { return config.setTextKind("llama4_text") }
        guard config.takesLayerTypes(layers: 48), config.takesRopeScaling(isTypeCopied: false) else { return }
        let layers = min(config.first(["num_hidden_layers"])?.integer ?? 48, 1 << 16)
        config.setDefaults([
            "vocab_size": 202_048, "hidden_size": 5120, "intermediate_size": 8192,
            "intermediate_size_mlp": 16384, "num_hidden_layers": 48, "num_attention_heads": 40,
            "num_key_value_heads": 8, "max_position_embeddings": 131_072, "rms_norm_eps": .number(1e-5),
            "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": false, "rope_theta": 500_000,
            "num_experts_per_tok": 1, "num_local_experts": 16, "interleave_moe_layer_step": 1,
            "no_rope_layer_interval": 4, "head_dim": 128,
        ])
        if config.first(["head_dim"]) == nil { config.setHeadLength() }
        guard config.first(["layer_types"]) == nil, layers > 0 else { return }
        let interval = max(1, config.first(["no_rope_layer_interval"])?.integer ?? 4)
        let stated = config.first(["no_rope_layers"])?.array ?? []
        let rotated =
            stated.isEmpty
            ? (0..<layers).map { !($0 + 1).isMultiple(of: interval) } : stated.map(\.isTruthy)
        config["layer_types"] = .array(rotated.map { $0 ? "chunked_attention" : "full_attention" })
    }
}
