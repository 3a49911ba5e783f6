package import Formats
import Tensors

/// Llama and what is built like it: Mistral, Mixtral and the distillations of others into it.
package struct Llama: ModelArchitecture {
    package static let classes = [
        "LLaMAForCausalLM", "LlamaForCausalLM", "MistralForCausalLM", "MixtralForCausalLM", "LlamaModel",
        "IQuestCoderForCausalLM", "LlavaForConditionalGeneration", "VoxtralForConditionalGeneration",
        "VLlama3ForCausalLM",
    ]
    package static let modelTypes = [
        "llama", "mistral", "mixtral", "llava", "voxtral", "smolvlm", "idefics3", "janus",
    ]

    package let name = "llama"
    private let model: HuggingFaceModel
    private let heads: RotaryHeads
    private var experts: ExpertStacks?

    package init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        heads = try RotaryHeads(model.config)
        if let count = try model.config.integerIfPresent("num_local_experts"), count != 0 {
            experts = ExpertStacks(
                count: try model.config.size("num_local_experts"), parts: ["w1", "w2", "w3"],
                path: "block_sparse_moe.experts")
        }
    }

    // MARK: Tensors

    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        names.storingMixtralExperts(config, ["num_local_experts"]).spellings
    }

    private static let names = TensorNames.llama.adding(TensorNames.mixtralExperts)

    package static func name(of tensor: String) -> String? {
        TextTensors.name(of: tensor.replacingUTF8("text_model.", with: ""))
    }

    package mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError)
        -> [ConvertedTensor]
    {
        let name = model.config.architecture == "LlamaModel" ? "model." + name : name
        if let stacks = try experts?.add(name, value) {
            var converted: [ConvertedTensor] = []
            for stack in stacks {
                converted.append(try Self.names.renamed(stack.name, stack.value, self.name))
            }
            return converted
        }
        return [try Self.names.renamed(name, try heads.interleaved(name, value), self.name)]
    }

    package func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        try Llama3Rope.tensors(model.config)
    }

    package func finish() throws(ConversionError) { try experts?.finish() }

    // MARK: Metadata

    package func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        metadata.set("vocab_size", try ModelMetadata.count(model.config.integer("vocab_size")))
        metadata.set("rope.dimension_count", try ModelMetadata.count(heads.length))
    }

    package func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary)
        throws(ConversionError)
    {
        try Self.addVocabulary(to: &metadata, vocabulary, model)
    }

    /// Adds the tokenizer, of whichever kind the files are; also for families that are built on Llama.
    static func addVocabulary(
        to metadata: inout ModelMetadata, _ vocabulary: Vocabulary, _ model: HuggingFaceModel
    ) throws(ConversionError) {
        let files = model.files
        if files["tekken.json"] != nil, files["tokenizer.json"] == nil {
            return try vocabulary.addTekken(to: &metadata)
        }
        // The converter writes whatever it is by Python's truth, so that the text "false" is true.
        let addsSpace = try files.json("tokenizer_config.json")?["add_prefix_space"]
        if let addsSpace, addsSpace != .null {
            metadata["tokenizer.ggml.add_space_prefix"] = .bool(addsSpace.isTruthy)
        }
        if files["tokenizer.model"] != nil {
            try vocabulary.addSentencePiece(to: &metadata)
        } else if vocabulary.isByteFallbackBPE {
            try vocabulary.addByteFallbackBPE(to: &metadata)
        } else {
            try vocabulary.addBPE(to: &metadata)
        }
        switch try model.config.integerIfPresent("vocab_size") {
        case 32016: metadata["tokenizer.ggml.eot_token_id"] = .uint32(32010)  // Code Llama's.
        case 49152: metadata["tokenizer.ggml.add_bos_token"] = .bool(false)
        default: break
        }
    }

    // MARK: Defaults

    package static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        if !["llama", "mistral", "mixtral"].contains(modelType) {
            if modelType == "voxtral" { config.fillVoxtralText() }
            return config.setTextKind("llama")
        }
        let isLlama = modelType == "llama"
        let isMixtral = modelType == "mixtral"
        if isLlama, !config.takesRopeScaling(isTypeCopied: true) { return }
        config.setDefaults([
            "vocab_size": 32000, "hidden_size": 4096, "intermediate_size": isLlama ? 11008 : 14336,
            "num_hidden_layers": 32, "num_attention_heads": 32,
            "max_position_embeddings": isLlama ? 2048 : 131072,
            "rms_norm_eps": .number(isMixtral ? 1e-5 : 1e-6), "rope_theta": .number(isMixtral ? 1e6 : 1e4),
        ])
        if isLlama {
            if config.first(["head_dim"]) == nil { config.setHeadLength() }
        } else {
            config.setDefault("num_key_value_heads", 8)
        }
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
        if isMixtral { config.setDefaults(["num_local_experts": 8, "num_experts_per_tok": 2]) }
    }
}

extension ModelConfig {
    /// What Voxtral's part for text has where it states nothing.
    fileprivate mutating func fillVoxtralText() {
        let usual: KeyValuePairs<String, JSON> = [
            "vocab_size": 131_072, "hidden_size": 3072, "intermediate_size": 8192, "num_hidden_layers": 30,
            "num_key_value_heads": 8, "max_position_embeddings": 131_072, "rms_norm_eps": .number(1e-5),
            "rope_theta": .number(1e8), "head_dim": 128,
        ]
        let stated = values["text_config"]?.members ?? []
        let missing = usual.filter { key, _ in !stated.contains { $0.key.hasSameBytes(as: key) } }
        self["text_config"] = .object(missing.map { JSON.Member($0.key, $0.value) } + stated)
    }
}
