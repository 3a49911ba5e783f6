import Formats

/// LG's EXAONE 3 and 3.5.
struct Exaone: ModelArchitecture {
    static let classes = ["ExaoneForCausalLM"]
    static let modelTypes: [String] = []

    let name = "exaone"
    private let config: ModelConfig
    package static func spellings(_ config: ModelConfig) -> [TensorNames] { names.spellings }

    private static let names = TensorNames([
        "transformer.wte": "token_embd", "transformer.ln_f": "output_norm", "lm_head": "output",
        "transformer.h.*.ln_1": "blk.*.attn_norm", "transformer.h.*.ln_2": "blk.*.ffn_norm",
        "transformer.h.*.attn.attention.q_proj": "blk.*.attn_q",
        "transformer.h.*.attn.attention.k_proj": "blk.*.attn_k",
        "transformer.h.*.attn.attention.v_proj": "blk.*.attn_v",
        "transformer.h.*.attn.attention.out_proj": "blk.*.attn_output",
        "transformer.h.*.mlp.c_fc_0": "blk.*.ffn_gate", "transformer.h.*.mlp.c_fc_1": "blk.*.ffn_up",
        "transformer.h.*.mlp.c_proj": "blk.*.ffn_down",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        guard config.stringIfPresent("activation_function") == "silu" else {
            throw ConversionError(
                .configValueWrong, "config.json: \"activation_function\" is not \"silu\"",
                notes: ["llama.cpp supports no other for models of the architecture exaone"])
        }
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        [try Self.names.renamed(name, value, self.name)]
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        try Llama3Rope.tensors(config)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let length = try config.size("hidden_size") / config.size("num_attention_heads")
        let share = RopeParameters(config).number("partial_rotary_factor") ?? 1
        metadata.set("rope.dimension_count", try ModelMetadata.share(share, of: length, heads: 1))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
