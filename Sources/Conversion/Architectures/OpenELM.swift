import Formats
import Tensors

/// Apple's OpenELM, whose layers differ in their heads and sizes.
struct OpenELM: PlainFamily {
    static let classes = ["OpenELMForCausalLM"]
    static let names: TensorNames = {
        let start = "transformer.layers.*"
        let halves = ["\(start).ffn.proj_1.weight"]
        return TensorNames([
            "transformer.token_embeddings": "token_embd", "transformer.norm": "output_norm",
            "lm_head": "output", "transformer.layers.*.attn_norm": "blk.*.attn_norm",
            "transformer.layers.*.attn.qkv_proj": "blk.*.attn_qkv",
            "transformer.layers.*.attn.q_norm": "blk.*.attn_q_norm",
            "transformer.layers.*.attn.k_norm": "blk.*.attn_k_norm",
            "transformer.layers.*.attn.out_proj": "blk.*.attn_output",
            "transformer.layers.*.ffn_norm": "blk.*.ffn_norm",
            "transformer.layers.*.ffn.proj_2": "blk.*.ffn_down",
        ]).storing(["blk.*.ffn_gate.weight": halves, "blk.*.ffn_up.weight": halves])
    }()

    let name = "openelm"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "attn_qkv", "attn_q_norm", "attn_k_norm", "attn_output", "ffn_norm"]
                + RequiredTensors.dense)
    }

    /// The width of each layer behind attention: a multiple of the model's, rounded to a divisor, but never below
    /// nine tenths (configuration_openelm.py).
    private func innerLengths() throws(ConversionError) -> [Int] {
        guard let factors = config["ffn_multipliers"]?.array else {
            throw ModelConfig.missing(["ffn_multipliers"])
        }
        let (width, divisor) = (try config.size("model_dim"), try config.size("ffn_dim_divisor"))
        var lengths: [Int] = []
        for factor in factors {
            guard let factor = factor.double, (0...1e4).contains(factor) else {
                throw ModelConfig.missing(["ffn_multipliers"])
            }
            let wanted = factor * Double(width)
            var length = max(divisor, Int(wanted + Double(divisor) / 2) / divisor * divisor)
            if Double(length) < 0.9 * wanted { length += divisor }
            lengths.append(length)
        }
        guard lengths.count == (try config.blockCount()) else {
            throw ModelConfig.missing(["ffn_multipliers"])
        }
        return lengths
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.hasUTF8Suffix(".ffn.proj_1.weight"), let block = TensorNames.block(of: name) else {
            return [try Self.names.renamed(name, value, self.name)]
        }
        let lengths = try innerLengths()
        guard lengths.indices.contains(block), let view = value.view, view.shape.count == 2,
            lengths[block] < view.shape[0], let gate = view.sliced(axis: 0, 0..<lengths[block]),
            let up = view.sliced(axis: 0, lengths[block]..<view.shape[0])
        else { throw .wrongShape(name, value.shape, "which is not what \"ffn_multipliers\" states") }
        return [
            ConvertedTensor("blk.\(block).ffn_gate.weight", TensorValue(gate)),
            ConvertedTensor("blk.\(block).ffn_up.weight", TensorValue(up)),
        ]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("context_length", config, ["max_context_length"])
        try metadata.addNeededCount("embedding_length", config, ["model_dim"])
        metadata.set("feed_forward_length", .int32s(try innerLengths().map { Int32(clamping: $0) }))
        try metadata.addNeededCount("attention.head_count", config, ["num_query_heads"])
        try metadata.addNeededCount("attention.head_count_kv", config, ["num_kv_heads"])
        try metadata.addNeededFloat("rope.freq_base", config, "rope_freq_constant")
        metadata.set("attention.layer_norm_rms_epsilon", .float32(1e-6))
        let length = try ModelMetadata.count(config.size("head_dim"))
        for key in ["rope.dimension_count", "attention.key_length", "attention.value_length"] {
            metadata.set(key, length)
        }
        metadata["general.file_type"] = .uint32(fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addSentencePiece(to: &metadata)
    }
}
