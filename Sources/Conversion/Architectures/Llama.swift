import Tensors

/// Llama and what is built like it: Mistral, Mixtral and the distillations of others into it.
struct Llama: ModelArchitecture {
    static let classes = [
        "LLaMAForCausalLM", "LlamaForCausalLM", "MistralForCausalLM", "MixtralForCausalLM", "LlamaModel",
        "IQuestCoderForCausalLM",
    ]
    static let modelTypes = ["llama", "mistral", "mixtral"]

    let name = "llama"
    private let model: HuggingFaceModel
    private let heads: RotaryHeads
    private var experts: ExpertStacks?

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        heads = try RotaryHeads(model.config)
        if let count = try model.config.integerIfPresent("num_local_experts") {
            experts = ExpertStacks(count: count, parts: ["w1", "w2", "w3"], path: "block_sparse_moe.experts")
        }
    }

    // MARK: Tensors

    private static let names = TensorNames.llama.adding([
        "model.layers.*.block_sparse_moe.gate": "blk.*.ffn_gate_inp",
        "model.layers.*.block_sparse_moe.experts.w1": "blk.*.ffn_gate_exps",
        "model.layers.*.block_sparse_moe.experts.w2": "blk.*.ffn_down_exps",
        "model.layers.*.block_sparse_moe.experts.w3": "blk.*.ffn_up_exps",
    ])

    static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.replacingUTF8("text_model.", with: ""))
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let name = model.config.architecture == "LlamaModel" ? "model." + name : name
        if let stacks = try experts?.add(name, value) {
            var converted: [ConvertedTensor] = []
            for stack in stacks { converted.append(try rename(stack.name, stack.value)) }
            return converted
        }
        return [try rename(name, try heads.interleaved(name, value))]
    }

    private func rename(_ name: String, _ value: TensorValue) throws(ConversionError) -> ConvertedTensor {
        guard let inGGUF = Self.names[name] else { throw ConversionError.unknownTensor(name, self.name) }
        return ConvertedTensor(inGGUF, value)
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        try Llama3Rope.tensors(model.config)
    }

    func finish() throws(ConversionError) { try experts?.finish() }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        metadata.set("vocab_size", try ModelMetadata.count(model.config.integer("vocab_size")))
        metadata.set("rope.dimension_count", try ModelMetadata.count(heads.length))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        let files = model.files
        if files["tekken.json"] != nil, files["tokenizer.json"] == nil {
            return try vocabulary.addTekken(to: &metadata)
        }
        if let addsSpace = try files.json("tokenizer_config.json")?["add_prefix_space"]?.bool {
            metadata["tokenizer.ggml.add_space_prefix"] = .bool(addsSpace)
        }
        if files["tokenizer.model"] != nil {
            try vocabulary.addSentencePiece(to: &metadata)
        } else if vocabulary.isByteFallbackBPE {
            try vocabulary.addByteFallbackBPE(to: &metadata)
        } else {
            try vocabulary.addBPE(to: &metadata)
        }
        switch try model.config.integerIfPresent("vocab_size") {
        case 32016:
            // Code Llama's tokens to fill a gap.
            for (key, id) in [("prefix", 32007), ("suffix", 32008), ("middle", 32009), ("eot", 32010)]
                as [(String, UInt32)]
            {
                metadata["tokenizer.ggml.\(key)_token_id"] = .uint32(id)
            }
        case 49152: metadata["tokenizer.ggml.add_bos_token"] = .bool(false)
        default: break
        }
    }

    // MARK: Defaults

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        let isLlama = modelType == "llama"
        config.setDefault("vocab_size", 32000)
        config.setDefault("hidden_size", 4096)
        config.setDefault("intermediate_size", isLlama ? 11008 : 14336)
        config.setDefault("num_hidden_layers", 32)
        config.setDefault("num_attention_heads", 32)
        config.setDefault("max_position_embeddings", isLlama ? 2048 : 131072)
        config.setDefault("rms_norm_eps", .number(modelType == "mixtral" ? 1e-5 : 1e-6))
        config.setDefault("rope_theta", .number(modelType == "mixtral" ? 1e6 : 1e4))
        if isLlama {
            if config.first(["num_key_value_heads"]) == nil {
                config["num_key_value_heads"] = config["num_attention_heads"]
            }
            if config.first(["head_dim"]) == nil, let size = config["hidden_size"]?.integer,
                let heads = config["num_attention_heads"]?.integer, heads > 0
            {
                config["head_dim"] = .integer(size / heads)
            }
        } else {
            config.setDefault("num_key_value_heads", 8)
            if config["num_key_value_heads"] == .null {
                config["num_key_value_heads"] = config["num_attention_heads"]
            }
        }
        if modelType == "mixtral" {
            config.setDefault("num_local_experts", 8)
            config.setDefault("num_experts_per_tok", 2)
        }
    }
}
