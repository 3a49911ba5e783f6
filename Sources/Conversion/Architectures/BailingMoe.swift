import Formats
import Tensors

/// InclusionAI's Ling of the first generation.
struct BailingMoe: PlainFamily {
    static let classes = ["BailingMoeForCausalLM"]
    static let names: TensorNames = {
        let fused = ["model.layers.*.attention.query_key_value.weight"]
        return TensorNames.llama.without(
            ["q_proj", "k_proj", "v_proj", "o_proj"].flatMap {
                ["model.layers.*.self_attn.\($0)", "layers.*.self_attn.\($0)"]
            } + ["embed_tokens", "model.embed_tokens"] + TensorNames.denseLayers
        ).adding(TensorNames.sharedExperts).adding([
            "model.word_embeddings": "token_embd", "model.layers.*.attention.dense": "blk.*.attn_output",
        ]).storing([
            "blk.*.attn_q.weight": fused, "blk.*.attn_k.weight": fused, "blk.*.attn_v.weight": fused,
        ])
    }()

    let name = "bailingmoe"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] { [StoredExperts()] }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(
            RequiredTensors.llama, dense: 0, experts: RequiredTensors.sharedExperts)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.hasUTF8Suffix("query_key_value.weight") else { return try converted(name, value) }
        let heads = try RotaryHeads(config)
        let (queries, keys) = (heads.count &* heads.length, heads.keyCount &* heads.length)
        guard let block = TensorNames.block(of: name), let view = value.view, view.shape.count == 2,
            view.shape[0] == queries &+ 2 &* keys, let q = view.sliced(axis: 0, 0..<queries),
            let k = view.sliced(axis: 0, queries..<queries + keys),
            let v = view.sliced(axis: 0, queries + keys..<queries + 2 * keys)
        else { throw .wrongShape(name, value.shape, "which has no \(queries) and twice \(keys) rows") }
        return [
            ConvertedTensor(
                "blk.\(block).attn_q.weight",
                try RotaryHeads.interleaved(name, TensorValue(q), heads: heads.count)),
            ConvertedTensor(
                "blk.\(block).attn_k.weight",
                try RotaryHeads.interleaved(name, TensorValue(k), heads: heads.keyCount)),
            ConvertedTensor("blk.\(block).attn_v.weight", TensorValue(v)),
        ]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addWholeHeads(config)
        try metadata.addNeededCount("leading_dense_block_count", config, ["first_k_dense_replace"])
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addNeededCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        metadata.set("expert_weights_scale", .float32(1))
        try metadata.addNeededCount("expert_shared_count", config, ["num_shared_experts"])
        try metadata.addNeededFlag("expert_weights_norm", config, "norm_topk_prob")
    }
}
