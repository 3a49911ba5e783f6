import Formats

/// Families most of whose layers have a state in the place of attention.
extension ConfigKeys {
    /// The names in GGUF of these families, sorted.
    static let stateFamilies = ["qwen35", "qwen35moe", "qwen3next", "qwen4exp"]

    private static let deltaNet = [
        silu, rotations, partHeads,
        ForeignRow(
            [
                "linear_conv_kernel_dim", "linear_key_head_dim", "linear_value_head_dim",
                "linear_num_key_heads", "linear_num_value_heads",
            ], .read("sizes of the layers with a state"), .number),
        ForeignRow(["layer_types"], .read("which layers have attention")),
        ForeignRow(["full_attention_interval"], .read("which layers have attention"), .number),
        ForeignRow(["attn_output_gate"], .only([true], "llama.cpp has gates behind this family's attention")),
        ForeignRow(
            ["mtp_num_hidden_layers"], .read("the blocks that predict more than one token ahead"), .number),
        ForeignRow(
            ["mtp_use_dedicated_embeddings"],
            .only([false], "llama.cpp takes the model's own embeddings for what it predicts ahead")),
        ForeignRow(["mamba_ssm_dtype"], .ignored("how a program loads the model and computes")),
        ForeignRow(["output_gate_type"], .ignored("how a program computes the gates that it has")),
    ]
    private static let deltaNetExperts =
        [
            ForeignRow(
                ["norm_topk_prob"], .warned([true], "llama.cpp scales this family's chosen experts to 1"))
        ] + sharesExperts

    private static let streamsAndTables = [
        ForeignRow(
            ["hc_count", "hc_lowrank"], .read("the streams of residuals, and how they are mixed"), .number),
        ForeignRow(
            ["indexer_n_heads", "indexer_head_dim", "indexer_budget", "indexer_compress_ratio"],
            .read("the index by which attention chooses what it looks at"), .number),
        ForeignRow(["indexer_kv_heads"], .only([1], "llama.cpp has one head of keys in the index")),
        ForeignRow(["ple_layer_ids"], .read("which layers have embeddings for groups of tokens")),
        ForeignRow(
            ["ngram_size", "heads_per_ngram", "ple_conv_kernel_size", "split_ngram_parts"],
            .read("the table of embeddings for groups of tokens"), .number),
        ForeignRow(
            ["ple_embed_dim", "ngram_vocab_size_base", "make_ngram_vocab_size_divisible_by", "seed"],
            .ignored("the table's size and the numbers that find its rows are tensors")),
    ]

    /// The rules that only some families have, which come before those of all.
    /// - Parameter architecture: the family's name in GGUF.
    static func stateFamily(_ architecture: String) -> [ForeignRow] {
        switch architecture {
        case "qwen3next", "qwen35moe": deltaNet + deltaNetExperts
        case "qwen35": deltaNet
        case "qwen4exp": deltaNet + deltaNetExperts + streamsAndTables
        default: widerFamily(architecture)
        }
    }
}
