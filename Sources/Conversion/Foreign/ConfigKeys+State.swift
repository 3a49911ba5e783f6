import Formats

/// Families most of whose layers have a state in the place of attention.
extension ConfigKeys {
    /// The names in GGUF of these families, sorted.
    static let stateFamilies = ["qwen35", "qwen35moe", "qwen3next"]

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

    /// The rules that only some families have, which come before those of all.
    /// - Parameter architecture: the family's name in GGUF.
    static func stateFamily(_ architecture: String) -> [ForeignRow] {
        switch architecture {
        case "qwen3next", "qwen35moe": deltaNet + deltaNetExperts
        case "qwen35": deltaNet
        default: widerFamily(architecture)
        }
    }
}
