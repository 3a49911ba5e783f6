import Formats

/// OpenAI's gpt-oss.
struct GptOss: ModelArchitecture {
    static let classes = ["GptOssForCausalLM"]
    static let modelTypes = ["gpt_oss"]

    let name = "gpt-oss"
    private let model: HuggingFaceModel
    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let start = "model.layers.*.mlp.experts."
        func stacks(_ ends: [String]) -> TensorNames {
            let (gates, down) = (
                ends.map { start + "gate_up_proj" + $0 }, ends.map { start + "down_proj" + $0 }
            )
            return names.storing([
                "blk.*.ffn_gate_exps.weight": gates, "blk.*.ffn_up_exps.weight": gates,
                "blk.*.ffn_down_exps.weight": down,
                "blk.*.ffn_gate_exps.bias": [start + "gate_up_proj_bias"],
                "blk.*.ffn_up_exps.bias": [start + "gate_up_proj_bias"],
                "blk.*.ffn_down_exps.bias": [start + "down_proj_bias"],
            ])
        }
        // What is stored as blocks is known to that way alone, so that it fits better wherever there are blocks.
        return stacks([""]).spellings + stacks(["_blocks", "_scales"]).spellings
    }

    private static let names = TensorNames.llama.without(TensorNames.denseLayers).adding([
        "model.layers.*.post_attention_layernorm": "blk.*.post_attention_norm",
        "model.layers.*.self_attn.sinks": "blk.*.attn_sinks",
        "model.layers.*.mlp.router": "blk.*.ffn_gate_inp",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        for tensor in model.tensors where tensor.name.containsUTF8(".mlp.experts.") && tensor.blockType == nil
        {
            for (end, other) in [("_blocks", "_scales"), ("_scales", "_blocks")] {
                if let name = tensor.name.dropping(end) { throw .missingTensor(name + other) }
            }
        }
    }

    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.containsUTF8("sinks") ? tensor + ".weight" : tensor)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard let start = Self.expertStart(name) else {
            return [try Self.names.renamed(name, value, self.name)]
        }
        // Blocks were written before all others.
        if let view = value.view, model.tensors[view.tensor].blockType != nil { return [] }
        return try Self.experts(name, start, value, isTransposed: !name.hasUTF8Suffix("_bias"), self.name)
    }

    /// The experts that are kept in blocks, which the converter writes before everything else.
    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        var converted: [ConvertedTensor] = []
        for (index, tensor) in model.tensors.enumerated() where tensor.blockType != nil {
            guard let start = Self.expertStart(tensor.name) else {
                throw ConversionError.unknownTensor(tensor.name, name)
            }
            converted += try Self.experts(
                tensor.name, start, TensorValue(TensorView(index, shape: tensor.shape)), isTransposed: false,
                name)
        }
        return converted
    }

    /// What stands before the name of an expert's matrix; `nil` for what belongs to no expert.
    private static func expertStart(_ name: String) -> String? {
        let path = "mlp.experts."
        var parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.containsUTF8(path), parts.count > 1 else { return nil }
        parts.removeLast()
        return parts.joined(separator: ".") + "."
    }

    /// The stacks of a tensor of experts: their inner halves have rows for gates and for values in turn.
    /// - Parameter isTransposed: whether the checkpoint has columns for rows, as where it is not in blocks.
    private static func experts(
        _ name: String, _ start: String, _ value: TensorValue, isTransposed: Bool, _ architecture: String
    ) throws(ConversionError) -> [ConvertedTensor] {
        let part = String(decoding: name.utf8.dropFirst(start.utf8.count), as: UTF8.self)
        let isBias = part.hasUTF8Suffix("_bias")
        guard var view = value.view, view.shape.count == (isBias ? 2 : 3) else {
            throw ConversionError.wrongShape(name, value.shape, "which is not that of a stack of experts")
        }
        if isTransposed { view = view.swapped(1, 2) }
        let end = isBias ? ".bias" : ".weight"
        if part.hasUTF8Prefix("down_proj") {
            return [try names.renamed("\(start)down_proj\(end)", TensorValue(view), architecture)]
        }
        let rows = view.shape[1]
        guard part.hasUTF8Prefix("gate_up_proj") else { throw .unknownTensor(name, architecture) }
        guard rows > 1, rows.isMultiple(of: 2), let gates = view.sliced(axis: 1, 0..<rows, step: 2),
            let values = view.sliced(axis: 1, 1..<rows, step: 2)
        else { throw ConversionError.wrongShape(name, value.shape, "which has no two halves") }
        return [
            try names.renamed("\(start)gate_proj\(end)", TensorValue(gates), architecture),
            try names.renamed("\(start)up_proj\(end)", TensorValue(values), architecture),
        ]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        try metadata.addNeededCount("attention.sliding_window", model.config, ["sliding_window"])
        try metadata.addNeededCount("expert_feed_forward_length", model.config, ["intermediate_size"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "num_hidden_layers": 36, "num_local_experts": 128, "vocab_size": 201088, "hidden_size": 2880,
            "intermediate_size": 2880, "head_dim": 64, "num_attention_heads": 64, "num_key_value_heads": 8,
            "sliding_window": 128, "rope_theta": 150_000, "max_position_embeddings": 131072,
            "rms_norm_eps": .number(1e-5), "num_experts_per_tok": 4,
            "rope_scaling": [
                "rope_type": "yarn", "factor": 32, "beta_fast": 32, "beta_slow": 1,
                "original_max_position_embeddings": 4096,
            ],
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        if config["head_dim"] == .null, let length = try? config.headLength() {
            config["head_dim"] = .integer(length)
        }
    }
}
