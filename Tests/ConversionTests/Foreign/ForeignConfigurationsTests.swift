import Formats
import TestSupport
import Testing

@testable import Conversion

/// The default configurations of transformers' classes, by version and kind of model.
private let defaults: [(kind: String, architecture: String, config: JSON)] = {
    let bytes = fixture("default-configs.json", in: "conversion")
    let versions = (try? JSON.parse(bytes.span, nonFinite: true))?.members ?? []
    return versions.flatMap { version in
        (version.value.members ?? []).map {
            ("\($0.key) \(version.key)", $0.value["architecture"]?.string ?? "", $0.value["config"] ?? .null)
        }
    }
}()

@Suite struct ForeignConfigurationsTests {
    private func weights(_ config: JSON, _ architecture: String) -> [String] {
        ForeignConfigurations.findings(config, architecture).map { "\($0.weight) \($0.key)" }
    }

    @Test func theDefaultsOfAllFamiliesAreThere() {
        #expect(defaults.count == 210)
        #expect(Set(defaults.map(\.architecture)).isSubset(of: ConfigKeys.families))
    }

    @Test(arguments: defaults.indices)
    func everyKeyOfTransformersDefaultsIsKnown(place: Int) {
        let (kind, architecture, config) = defaults[place]
        let found = ForeignConfigurations.findings(config, architecture)
        #expect(found.filter { $0.weight == .unknown || $0.weight == .error } == [], "\(kind)")
    }

    /// What a configuration leaves out has transformers' default, whether llama.cpp computes that or not.
    @Test(arguments: defaults.indices)
    func aMissingKeyIsFoundWhereItsDefaultWouldBe(place: Int) {
        let (kind, architecture, config) = defaults[place]
        let stated = ForeignConfigurations.findings(config, architecture).filter { $0.weight == .warning }
        // Without experts nothing states how they are weighed.
        let bare: JSON = ["n_routed_experts": 2]
        let missing = Set(ForeignConfigurations.findings(bare, architecture).map { ExactName($0.key) })
        #expect(stated.filter { !missing.contains(ExactName($0.key)) } == [], "\(kind)")
    }

    /// How experts are weighed, which transformers does not save: only where llama.cpp fails or computes otherwise without it.
    @Test(
        arguments: [
            ("minimax-m2", ["num_local_experts": 8], ["warning scoring_func"]),
            ("minimax-m2", ["num_local_experts": 8, "scoring_func": "sigmoid"], []),
            ("dots1", ["n_routed_experts": 0], []),
            ("qwen3moe", ["num_experts": 8, "norm_topk_prob": true], []),
            (
                "deepseek2", ["architectures": ["DeepseekV3ForCausalLM"], "n_routed_experts": 8],
                ["warning scoring_func"]
            ),
            ("deepseek2", ["architectures": ["DeepseekV2ForCausalLM"], "n_routed_experts": 8], []),
            (
                "deepseek2",
                [
                    "architectures": ["Glm4MoeLiteForCausalLM"], "n_routed_experts": 8,
                    "num_hidden_layers": 47, "vocab_size": 154_880,
                ], []
            ),
            (
                "deepseek2",
                [
                    "architectures": ["Glm4MoeLiteForCausalLM"], "n_routed_experts": 8,
                    "num_hidden_layers": 47, "vocab_size": 154_881,
                ], ["warning scoring_func"]
            ),
        ] as [(String, JSON, [String])])
    func aWayToWeighExpertsIsMissed(architecture: String, config: JSON, expected: [String]) {
        #expect(weights(config, architecture).filter { $0.hasUTF8Prefix("warning") } == expected)
    }

    @Test func everyFamilyHasRules() {
        for family in ConfigKeys.families { #expect(!ConfigKeys.family(family).isEmpty, "\(family)") }
        #expect(
            ConfigKeys.families == ConfigKeys.families.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }

    @Test(
        arguments: [
            ("llama", "hidden_act", "relu", "error hidden_act"),
            ("llama", "hidden_act", "swish", ""),
            ("llama", "partial_rotary_factor", .number(0.5), "error partial_rotary_factor"),
            ("llama", "partial_rotary_factor", 1, ""),
            ("llama", "residual_multiplier", .number(0.22), "unknown residual_multiplier"),
            ("llama", "residual_multiplier", .null, ""),
            ("granite", "residual_multiplier", .number(0.22), ""),
            ("qwen2", "use_mrope", true, "error use_mrope"),
            ("qwen2moe", "norm_topk_prob", true, "error norm_topk_prob"),
            ("qwen2moe", "mlp_only_layers", [0], "error mlp_only_layers"),
            ("qwen3moe", "norm_topk_prob", false, "warning norm_topk_prob"),
            ("gemma", "rope_theta", 50000, "error rope_theta"),
            ("gemma", "hidden_act", "gelu", ""),
            ("gemma2", "use_bidirectional_attention", true, "error use_bidirectional_attention"),
            ("bert", "position_embedding_type", "relative_key", "error position_embedding_type"),
            ("bert", "is_decoder", true, "error is_decoder"),
            ("falcon", "alibi", true, "error alibi"),
            ("falcon", "parallel_attn", false, "error parallel_attn"),
            ("gpt2", "scale_attn_by_inverse_layer_idx", true, "error scale_attn_by_inverse_layer_idx"),
            ("deepseek2", "moe_layer_freq", 2, "error moe_layer_freq"),
            ("gpt-oss", "swiglu_limit", 5, "error swiglu_limit"),
            ("chatglm", "rmsnorm", false, "error rmsnorm"),
            ("phi3", "\u{212A}ey", 1, "unknown \u{212A}ey"),
        ] as [(String, String, JSON, String)])
    func aValueThatLlamaCppDoesNotComputeIsFound(
        _ item: (family: String, key: String, value: JSON, expected: String)
    ) {
        let found = weights(.object([JSON.Member(item.key, item.value)]), item.family)
        #expect(found == (item.expected.isEmpty ? [] : [item.expected]))
    }

    @Test(arguments: [
        ("llama", #"{"rope_type": "llama3", "factor": 8}"#, ""),
        ("qwen2", #"{"rope_type": "llama3", "factor": 8}"#, "error rope_scaling.rope_type"),
        ("qwen2", #"{"rope_type": "longrope", "short_factor": []}"#, "warning rope_scaling.rope_type"),
        ("phi3", #"{"type": "su", "short_factor": []}"#, ""),
        ("qwen2", #"{"type": "dynamic", "factor": 2.0}"#, "note rope_scaling.type"),
        ("gemma2", #"{"type": "linear", "factor": 2.0}"#, "error rope_scaling.type"),
        ("gemma2", #"{"type": "linear", "factor": 1.0}"#, ""),
        ("llama", #"{"rope_type": "xpos"}"#, "error rope_scaling.rope_type"),
        ("llama", #"{"type": "linear", "factor": "2"}"#, "error rope_scaling.factor"),
        ("llama", #"{"type": "linear", "factor": true}"#, "error rope_scaling.factor"),
        ("llama", #"{"type": "linear", "factor": null}"#, "warning rope_scaling.factor"),
        ("llama", #"{"type": "linear"}"#, "warning rope_scaling.factor"),
        (
            "llama",
            #"{"rope_type": "yarn", "factor": "4", "original_max_position_embeddings": 32}"#,
            "error rope_scaling.factor"
        ),
        ("llama", #"{"rope_type": "llama3", "factor": "8"}"#, "error rope_scaling.factor"),
        (
            "llama", #"{"rope_type": "llama3", "factor": 8, "low_freq_factor": "1"}"#,
            "error rope_scaling.low_freq_factor"
        ),
        ("llama", #"{"rope_type": "LINEAR", "factor": 2.0}"#, "error rope_scaling.rope_type"),
        ("llama", #"{"rope_type": 3}"#, "error rope_scaling.rope_type"),
        (
            "llama",
            #"{"type": "linear", "rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 32}"#,
            "warning rope_scaling.type"
        ),
        ("phi3", #"{"type": "su", "rope_type": "longrope"}"#, ""),
        ("llama", #"{"rope_type": "yarn", "factor": 4, "power": 2}"#, "unknown rope_scaling.power"),
        ("qwen2", #"{"partial_rotary_factor": 0.5}"#, "error rope_scaling.partial_rotary_factor"),
        ("stablelm", #"{"rope_theta": 1000000}"#, "error rope_scaling.rope_theta"),
        (
            "gemma3", #"{"full_attention": {"rope_type": "ntk"}}"#,
            "error rope_scaling.full_attention.rope_type"
        ),
    ])
    func rotationsThatGGUFHasNoPlaceForAreFound(_ item: (family: String, rope: String, expected: String))
        throws
    {
        let rope = try JSON.parse(Array(item.rope.utf8).span)
        let found = weights(["rope_scaling": rope], item.family)
        #expect(found == (item.expected.isEmpty ? [] : [item.expected]))
    }

    @Test(arguments: [
        (#"{"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": true, "sym": true}"#, ""),
        (#"{"quant_method": "gptq", "bits": 4, "dynamic": {"lm_head": {"bits": 8}}}"#, "error dynamic"),
        (#"{"quant_method": "gptq", "bits": 4, "format": "gptq_v2"}"#, "error format"),
        (#"{"quant_method": "gptq", "bits": 4, "new_option": 1}"#, "unknown new_option"),
        (#"{"quant_method": "fp8", "fmt": "e5m2"}"#, "error fmt"),
        (#"{"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [128, 128]}"#, ""),
        (#"{"quant_method": "bitnet", "quantization_mode": "online"}"#, "error quantization_mode"),
        (#"{"quant_method": "bitnet", "use_rms_norm": true}"#, "error use_rms_norm"),
        (
            #"{"quant_method": "compressed-tensors", "transform_config": {"R1": {}}}"#,
            "error transform_config"
        ),
        (
            #"{"quant_method": "compressed-tensors", "sparsity_config": {"format": "sparse-bitmask"}}"#,
            "error sparsity_config.format"
        ),
        (
            #"{"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"dynamic": true}}}}"#,
            "error config_groups.group_0.weights.dynamic"
        ),
        (
            #"{"quant_method": "modelopt", "quant_algo": "FP8", "pre_quant_scale": true}"#,
            "error pre_quant_scale"
        ),
        (#"{"load_in_4bit": true}"#, "unknown load_in_4bit"),
    ])
    func everyKeyOfAQuantizationIsKnownOrFound(_ item: (config: String, expected: String)) throws {
        let config = try JSON.parse(Array(item.config.utf8).span)
        let found = ForeignConfigurations.findings(["quantization_config": config], "llama")
            .map { "\($0.weight) " + $0.key.replacing("quantization_config.", with: "") }
        #expect(found == (item.expected.isEmpty ? [] : [item.expected]))
    }

    @Test func whatLayersSeeIsComparedWithTheFamilys() {
        let other: JSON = ["layer_types": ["full_attention", "sliding_attention"]]
        #expect(weights(other, "gemma2") == ["warning layer_types"])
        #expect(weights(["layer_types": ["sliding_attention", "full_attention"]], "gemma2") == [])
        #expect(weights(["layer_types": ["linear_attention"]], "llama") == ["error layer_types"])
        #expect(
            weights(["query_pre_attn_scalar": 144, "head_dim": 128], "gemma2") == [
                "warning query_pre_attn_scalar"
            ])
        let large: JSON = [
            "query_pre_attn_scalar": 144, "head_dim": 128, "num_hidden_layers": 46, "hidden_size": 4608,
            "num_attention_heads": 32,
        ]
        #expect(weights(large, "gemma2") == [])
        let window: JSON = ["sliding_window": 4096, "max_position_embeddings": 32768]
        #expect(weights(window, "llama") == ["note sliding_window"])
        let asked: JSON = [
            "sliding_window": 4096, "max_position_embeddings": 32768, "use_sliding_window": true,
        ]
        #expect(weights(asked, "qwen2") == ["warning sliding_window"])
        // transformers' classes of these have a window only if it is asked for.
        for family in ["qwen2", "qwen2moe", "qwen3", "qwen3moe", "smollm3"] {
            #expect(!weights(window, family).contains { $0.hasUTF8Suffix("sliding_window") }, "\(family)")
        }
    }

    @Test(arguments: ConfigKeys.families) func aValueOfAnotherKindIsRefusedByItsName(family: String) {
        for row in ForeignConfigurations.config(family).rows {
            let wrong: [JSON]
            switch row.kind {
            case .flag: wrong = ["false", "true", "", 2, .number(0.5), [true], ["a": true]]
            case .number: wrong = ["1", "", true, false, [1], ["a": 1]]
            case nil: continue
            }
            // The first row that has a key decides.
            for key in row.keys where ForeignConfigurations.config(family).row(of: key)?.kind != nil {
                for value in wrong {
                    let found = weights(.object([JSON.Member(key, value)]), family)
                    #expect(found.contains("error \(key)"), "\(key): \(value.compactText)")
                }
                let nothing = weights(.object([JSON.Member(key, .null)]), family)
                #expect(!nothing.contains("error \(key)"), "\(key)")
            }
        }
    }

    /// What decides which tensors there have to be, or a number of the GGUF, and is no size.
    @Test func theKeysThatDecideAreFlags() {
        let flags = Set(
            exactly: ConfigKeys.families.flatMap { ForeignConfigurations.config($0).rows }
                .filter { if case .flag? = $0.kind { true } else { false } }.flatMap(\.keys))
        for key in [
            "tie_word_embeddings", "attention_bias", "mlp_bias", "use_bias", "qkv_bias", "qk_layernorm",
            "use_qk_norm", "use_sliding_window", "is_causal", "norm_topk_prob", "use_parallel_residual",
            "multi_query", "new_decoder_architecture", "moe_use_aux_free", "causal", "prenorm",
        ] {
            #expect(flags.contains(key), "\(key)")
        }
    }

    @Test func thePartForTextIsComparedToo() {
        let config: JSON = ["text_config": ["hidden_activation": "relu", "novelty": 1]]
        #expect(
            weights(config, "gemma3") == [
                "error text_config.hidden_activation", "unknown text_config.novelty",
            ])
    }
}
