import Formats
import Tensors

/// The Swiss AI Initiative's Apertus: an activation (xIELU) whose numbers are tensors in the checkpoint and keys in GGUF.
struct Apertus: PlainFamily {
    static let classes = ["ApertusForCausalLM"]
    static let modelTypes = ["apertus"]
    static let names = TensorNames.llama.without([
        "model.layers.*.mlp.gate_proj", "layers.*.mlp.gate_proj", "model.layers.*.input_layernorm",
        "layers.*.input_layernorm", "model.layers.*.post_attention_layernorm",
        "layers.*.post_attention_layernorm",
    ]).adding(TensorNames.headNorms).adding([
        "model.layers.*.attention_layernorm": "blk.*.attn_norm",
        "model.layers.*.feedforward_layernorm": "blk.*.ffn_norm",
    ])

    let name = "apertus"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.headNorms + ["ffn_up", "ffn_down"])
    }

    static func name(of tensor: String) -> String? { Llama.name(of: tensor) }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if KeyTensors.activation.contains(where: { name.hasUTF8Suffix(".act_fn.\($0)") }) {
            guard value.elementCount == 1 else {
                throw .wrongShape(name, value.shape, "which is not one number")
            }
            return []
        }
        return try converted(name, value)
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { try Llama3Rope.tensors(config) }

    func finish() throws(ConversionError) {
        let blocks = min(try config.blockCount(), 1 << 12)
        let stored = Set(exactly: parts.model.storedTensors.map(\.name))
        let names = (0..<blocks).flatMap { block in
            ["alpha_n", "alpha_p"].map { "model.layers.\(block).mlp.act_fn.\($0)" }
        }
        let missing = names.filter { !stored.contains($0) }
        if !missing.isEmpty { throw .missingTensors(missing) }
    }

    func addFirstParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        let blocks = min(try config.blockCount(), 1 << 12)
        let stored = Dictionary(
            parts.model.storedTensors.enumerated().map { (ExactName($1.name), $0) },
            uniquingKeysWith: { first, _ in first })
        for number in KeyTensors.activation {
            let values = (0..<blocks).compactMap {
                stored["model.layers.\($0).mlp.act_fn.\(number)"].flatMap(parts.model.number)
            }
            if values.count == blocks { metadata["xielu.\(number)"] = .float32s(values) }
        }
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addWholeHeads(config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try Llama.addVocabulary(to: &metadata, vocabulary, parts.model)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        guard config.takesRopeScaling(isTypeCopied: true) else { return }
        config.setDefaults([
            "vocab_size": 131_072, "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 65536, "rms_norm_eps": .number(1e-5),
            "pad_token_id": 3, "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": false,
            "rope_theta": .number(12e6),
            "rope_scaling": [
                "rope_type": "llama3", "factor": 8, "original_max_position_embeddings": 8192,
                "low_freq_factor": 1, "high_freq_factor": 4,
            ],
        ])
        config.setDefault("num_key_value_heads", from: "num_attention_heads")
    }
}
