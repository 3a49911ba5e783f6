import Formats
import Tensors

/// Databricks' DBRX, whose experts are stored below one another.
struct Dbrx: PlainFamily {
    static let classes = ["DbrxForCausalLM"]
    static let modelTypes = ["dbrx"]
    static let names: TensorNames = {
        let start = "transformer.blocks.*"
        return TensorNames([
            "transformer.wte": "token_embd", "transformer.norm_f": "output_norm", "lm_head": "output",
            "transformer.blocks.*.norm_attn_norm.norm_1": "blk.*.attn_norm",
            "transformer.blocks.*.norm_attn_norm.norm_2": "blk.*.attn_output_norm",
            "transformer.blocks.*.norm_attn_norm.attn.Wqkv": "blk.*.attn_qkv",
            "transformer.blocks.*.norm_attn_norm.attn.out_proj": "blk.*.attn_output",
            "transformer.blocks.*.ffn.router.layer": "blk.*.ffn_gate_inp",
        ]).storing([
            "blk.*.ffn_gate_exps.weight": ["\(start).ffn.experts.mlp.w1"],
            "blk.*.ffn_up_exps.weight": ["\(start).ffn.experts.mlp.v1"],
            "blk.*.ffn_down_exps.weight": ["\(start).ffn.experts.mlp.w2"],
        ])
    }()

    let name = "dbrx"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "attn_qkv", "attn_output", "attn_output_norm"] + RequiredTensors.experts)
    }

    /// An object of the configuration.
    private func values(_ key: String) throws(ConversionError) -> ModelConfig {
        guard let members = config[key]?.members else { throw ModelConfig.missing([key]) }
        return ModelConfig(members: members)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        for (part, inGGUF) in [("w1", "ffn_gate_exps"), ("v1", "ffn_up_exps"), ("w2", "ffn_down_exps")]
        where name.hasUTF8Suffix(".ffn.experts.mlp.\(part)") {
            let sizes = try values("ffn_config")
            let count = try sizes.size("moe_num_experts")
            guard let block = TensorNames.block(of: name), value.shape.count == 2,
                let stack = value.view?.split(axis: 0, into: [count, try sizes.size("ffn_hidden_size")])
            else { throw .wrongShape(name, value.shape, "which has no rows of \(count) experts") }
            return [
                ConvertedTensor(
                    "blk.\(block).\(inGGUF).weight", TensorValue(part == "w2" ? stack.swapped(1, 2) : stack))
            ]
        }
        return [try Self.names.renamed(name, value, self.name)]
    }

    /// The router's, too: all matrices of this family are of the type that is wanted.
    func type(of name: String, shape: [Int], wanted: OutputType) -> GGMLType? {
        name.hasUTF8Suffix("ffn_gate_inp.weight") ? wanted.type(of: "output.weight", shape: shape) : nil
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        let (feedForward, attention) = (try values("ffn_config"), try values("attn_config"))
        metadata.set("block_count", try ModelMetadata.count(config.blockCount()))
        try metadata.addNeededCount("context_length", config, ["max_seq_len"])
        try metadata.addNeededCount("embedding_length", config, ["d_model"])
        try metadata.addNeededCount("feed_forward_length", feedForward, ["ffn_hidden_size"])
        try metadata.addNeededCount("attention.head_count", config, ["n_heads"])
        try metadata.addNeededCount("attention.head_count_kv", attention, ["kv_n_heads"])
        try metadata.addNeededFloat("rope.freq_base", attention, "rope_theta")
        try metadata.addNeededFloat("attention.clamp_kqv", attention, "clip_qkv")
        try metadata.addNeededCount("expert_count", feedForward, ["moe_num_experts"])
        try metadata.addNeededCount("expert_used_count", feedForward, ["moe_top_k"])
        metadata.set("attention.layer_norm_epsilon", .float32(1e-5))
        metadata["general.file_type"] = .uint32(fileType)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        for (alias, key) in [
            ("hidden_size", "d_model"), ("num_attention_heads", "n_heads"),
            ("num_hidden_layers", "n_layers"), ("max_position_embeddings", "max_seq_len"),
        ] {
            config.rename(alias, to: key)
        }
        config.setDefaults([
            "d_model": 2048, "n_heads": 16, "n_layers": 24, "max_seq_len": 2048, "vocab_size": 32000,
            "attn_config": .object([]), "ffn_config": .object([]),
        ])
        func fill(_ key: String, _ defaults: KeyValuePairs<String, JSON>) {
            guard let own = config[key]?.members else { return }
            let missing = defaults.filter { key, _ in !own.contains { $0.key.hasSameBytes(as: key) } }
            config[key] = .object(missing.map { JSON.Member($0.key, $0.value) } + own)
        }
        fill("attn_config", ["kv_n_heads": 1, "rope_theta": 10000])
        fill("ffn_config", ["ffn_hidden_size": 3584, "moe_num_experts": 4, "moe_top_k": 1])
    }
}
