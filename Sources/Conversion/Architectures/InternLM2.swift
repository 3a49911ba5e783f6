import Formats

/// Shanghai AI Laboratory's InternLM 2 and 2.5.
struct InternLM2: ModelArchitecture {
    static let classes = ["InternLM2ForCausalLM"]
    static let modelTypes: [String] = []

    let name = "internlm2"
    private let config: ModelConfig
    private let headCount: Int
    private let keyCount: Int
    private let length: Int
    package static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let attention = ["model.layers.*.attention.wqkv.weight"]
        return [
            names.storing([
                "blk.*.attn_q.weight": attention, "blk.*.attn_k.weight": attention,
                "blk.*.attn_v.weight": attention,
            ])
        ]
    }

    private static let names = TensorNames([
        "model.tok_embeddings": "token_embd", "model.norm": "output_norm", "output": "output",
        "model.layers.*.attention_norm": "blk.*.attn_norm", "model.layers.*.ffn_norm": "blk.*.ffn_norm",
        "model.layers.*.attention.wo": "blk.*.attn_output",
        "model.layers.*.feed_forward.w1": "blk.*.ffn_gate",
        "model.layers.*.feed_forward.w2": "blk.*.ffn_down",
        "model.layers.*.feed_forward.w3": "blk.*.ffn_up",
    ])

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        config = model.config
        headCount = try config.size("num_attention_heads")
        keyCount = try config.size("num_key_value_heads")
        length = try config.size("hidden_size") / headCount
        guard headCount.isMultiple(of: keyCount), length.isMultiple(of: 2), length > 0 else {
            throw ConversionError(
                .configValueWrong,
                "config.json: \(headCount) heads of \(length) elements do not share \(keyCount) heads of keys",
                fix: "check that it is the config.json of this model")
        }
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.hasUTF8Suffix(".attention.wqkv.weight"), let block = TensorNames.block(of: name) else {
            return [try Self.names.renamed(name, value, self.name)]
        }
        let fused = try FusedAttention(
            name, value, groups: keyCount, queries: headCount / keyCount, length: length)
        return [
            ("q", Self.interleaved(fused.queries)), ("k", Self.interleaved(fused.keys)), ("v", fused.values),
        ].map { ConvertedTensor("blk.\(block).attn_\($0.0).weight", fused.part($0.1, of: value)) }
    }

    /// With the halves of each head's rows in turn, as ``RotaryHeads`` does it.
    private static func interleaved(_ view: TensorView) -> TensorView {
        view.split(axis: 2, into: [2, view.shape[2] / 2])?.swapped(2, 3) ?? view
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addInternLM2(to: &metadata)
    }
}
