import Formats
import Testing

/// Configurations of models with a state, and of Gemma 4, that state what no model has.
@Suite struct BadStateModelTests {
    private static let state: [String: JSON?] = [
        "num_hidden_layers": 3, "mamba_num_heads": 2, "mamba_head_dim": 8, "n_groups": 1, "conv_kernel": 4,
        "ssm_state_size": 4, "layer_norm_epsilon": .number(1e-5), "max_position_embeddings": 64,
        "mamba_expand": 2, "mamba_n_heads": 2, "mamba_d_state": 4, "mamba_d_conv": 4,
    ]

    @Test func nemotronsExpertsAreNotCountedByAListOfPuzzle() {
        let changes = Self.state.merging([
            "hybrid_override_pattern": "ME*", "num_experts_per_tok": 1, "n_routed_experts": 2,
            "moe_intermediate_size": 8, "moe_shared_expert_intermediate_size": 8, "n_shared_experts": 1,
            "norm_topk_prob": true, "routed_scaling_factor": 1, "n_group": 1, "block_configs": [],
        ]) { $1 }
        let tests = BadModelTests()
        let error = tests.error(tests.config("NemotronHForCausalLM", "nemotron_h", changes))
        #expect(error == nil, "\(error?.description ?? "")")
    }

    @Test(arguments: ["GraniteMoeHybridForCausalLM", "BambaForCausalLM"])
    func noListIsMadeForMoreLayersThanAModelHas(architecture: String) {
        let changes = Self.state.merging([
            "num_hidden_layers": 2_147_483_647, "layer_types": ["mamba", "attention"],
        ]) { $1 }
        let tests = BadModelTests()
        let error = tests.error(tests.config(architecture, "", changes))
        #expect(error?.message.contains("2147483647 layers") == true, "\(error?.description ?? "taken")")
    }

    @Test func noTensorIsMadeForLongerHeadsThanAModelHas() {
        let tests = BadModelTests()
        let rope: JSON = [
            "full_attention": [
                "rope_type": "proportional", "partial_rotary_factor": .number(0.25), "rope_theta": 10000,
            ]
        ]
        let error = tests.error(
            tests.config(
                "Gemma4ForCausalLM", "",
                [
                    "global_head_dim": 2_147_483_647, "rope_parameters": rope,
                    "layer_types": ["full_attention"],
                    "num_kv_shared_layers": 0, "max_position_embeddings": 64,
                    "rms_norm_eps": .number(1e-6), "sliding_window": 4,
                ]))
        #expect(error?.message.contains("2147483647 elements") == true, "\(error?.description ?? "taken")")
    }

    @Test(arguments: ["LlamaForCausalLM", "Step3p5ForCausalLM"])
    func noFactorsAreMadeForLongerHeadsThanAModelHas(architecture: String) {
        let tests = BadModelTests()
        let error = tests.error(
            tests.config(
                architecture, "",
                [
                    "head_dim": 2_147_483_647, "rope_scaling": ["rope_type": "llama3", "factor": 8],
                    "num_attention_groups": 2, "sliding_window": 4, "moe_num_experts": 2, "moe_top_k": 1,
                    "moe_intermediate_size": 8, "share_expert_dim": 8, "layer_types": ["full_attention"],
                    "partial_rotary_factors": [.number(0.5)], "max_position_embeddings": 64,
                    "rms_norm_eps": .number(1e-6),
                ]))
        #expect(error?.message.contains("2147483647 elements") == true, "\(error?.description ?? "taken")")
    }

    @Test func noNumberBecomesInfinite() {
        let tests = BadModelTests()
        let odd = tests.config("LlamaForCausalLM", "llama", ["rms_norm_eps": .number(1e308)])
        let error = tests.error(odd)
        #expect(
            error?.message.contains("attention.layer_norm_rms_epsilon") == true,
            "\(error?.description ?? "taken")")
    }
}
