import Formats
import Tensors

/// MiniMax Text 01 and M1: lightning attention, with full attention in every eighth block, and experts.
struct MiniMax01: ModelArchitecture {
    static let classes = ["MiniMaxM1ForCausalLM", "MiniMaxText01ForCausalLM"]
    static let modelTypes: [String] = []

    let name = "minimax-01"
    private let model: HuggingFaceModel
    private var config: ModelConfig { model.config }
    private var experts: ExpertStacks

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let blocks = min((try? config.blockCount()) ?? 0, 1 << 12)
        var parts: [ExactName: [String]] = [:]
        for block in 0..<blocks {
            parts[ExactName("blk.\(block).attn_output.weight")] = [
                "model.layers.\(block).self_attn.\(isFull(block) ? "o_proj" : "out_proj").weight"
            ]
        }
        return names.storing(parts).storingMixtralExperts(config, ["num_local_experts"]).spellings
    }

    /// llama.cpp takes every eighth block for one of full attention, whatever the configuration states.
    private static func isFull(_ block: Int) -> Bool { block % 8 == 7 }

    private static let names = TensorNames.llama.without(TensorNames.denseLayers)
        .adding(TensorNames.mixtralExperts).adding([
            "model.layers.*.self_attn.norm": "blk.*.attn_norm_2",
            "model.layers.*.self_attn.qkv_proj": "blk.*.attn_qkv",
            "model.layers.*.self_attn.out_proj": "blk.*.attn_output",
            "model.layers.*.self_attn.output_gate": "blk.*.attn_gate",
        ])

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(RequiredTensors.embeddings) { block in
            ["attn_norm", "attn_output", "ffn_norm"] + RequiredTensors.experts
                + (isFull(block)
                    ? ["attn_q", "attn_k", "attn_v"] : ["attn_norm_2", "attn_qkv", "attn_gate"])
        }
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        experts = ExpertStacks(
            count: try model.config.size("num_local_experts"), parts: ["w1", "w2", "w3"],
            path: "block_sparse_moe.experts")
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try experts.converted(name, value, Self.names, self.name)
    }

    func finish() throws(ConversionError) { try experts.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        if !model.zeroEmbeddings.isEmpty {
            metadata["tokenizer.ggml.suppress_tokens"] = .int32s(
                model.zeroEmbeddings.map { Int32(clamping: $0) })
        }
        let parts = ["full_attention", "linear_attention", "mlp"]
        let alpha = try config.number("layernorm_full_attention_alpha")
        for part in parts {
            guard try config.number("layernorm_\(part)_alpha") == alpha else {
                throw .wrongValue(
                    "layernorm_\(part)_alpha", config["layernorm_\(part)_alpha"] ?? .null,
                    "the same as layernorm_full_attention_alpha, as a GGUF has one for all")
            }
            guard try config.number("layernorm_\(part)_beta") == 1 else {
                throw .wrongValue(
                    "layernorm_\(part)_beta", config["layernorm_\(part)_beta"] ?? .null,
                    "1, as a GGUF has none")
            }
        }
        metadata.set("residual_scale", .float32(Float(alpha)))
        try metadata.addNeededCount("rope.dimension_count", config, ["rotary_dim"])
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        guard model.files["chat_template.jinja"] != nil else {
            throw ConversionError(
                .tokenizerMissing,
                "there is no chat_template.jinja, and the reference takes one of llama.cpp's in the place of any other",
                fix: "copy MiniMax-M1.jinja (llama.cpp, models/templates) into a directory with the model's "
                    + "files, as chat_template.jinja")
        }
        try vocabulary.addBPE(to: &metadata)
    }
}
