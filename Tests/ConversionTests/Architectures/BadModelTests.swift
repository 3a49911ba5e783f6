import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Models that are not what they say: a clear error, never a trap.
@Suite struct BadModelTests {
    private static let small: JSON = [
        "vocab_size": 8, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 4,
    ]

    /// What families without defaults need beside.
    private static let needed: [String: [String: JSON]] = [
        "Cohere2ForCausalLM": ["rotary_pct": 1],
        "PhiMoEForCausalLM": ["original_max_position_embeddings": 4096, "num_local_experts": 2],
        "T5ForConditionalGeneration": ["decoder_start_token_id": 0],
        "Dots1ForCausalLM": ["n_routed_experts": 2, "n_shared_experts": 1],
        "DbrxForCausalLM": ["attn_config": ["clip_qkv": 8]],
        "ExaoneForCausalLM": ["activation_function": "silu"],
        "MiniCPMForCausalLM": ["scale_emb": 12, "scale_depth": .number(1.4), "dim_model_base": 256],
        "NomicBertModel": [
            "activation_function": "swiglu", "causal": false, "qkv_proj_bias": false, "mlp_fc1_bias": false,
            "mlp_fc2_bias": false, "prenorm": false, "rotary_emb_fraction": 1,
            "rotary_emb_interleaved": false,
            "rotary_emb_scale_base": .null, "n_positions": 8192, "n_embd": 8, "n_inner": 8,
        ],
    ]

    /// A configuration of a class, with some keys changed, or left out by `nil`.
    func config(_ architecture: String, _ type: String, _ changes: [String: JSON?]) -> JSON {
        var values = Dictionary((Self.small.members ?? []).map { ($0.key, $0.value) }) { $1 }
        values["architectures"] = [.string(architecture)]
        values["model_type"] = .string(type)
        for (key, value) in Self.needed[architecture] ?? [:] { values[key] = value }
        for (key, value) in changes { values[key] = value }
        return .object(values.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) })
    }

    func error(_ config: JSON, _ tensors: [(String, [Int])] = []) -> ConversionError? {
        do throws(ConversionError) {
            let model = try HuggingFaceModel(
                directoryName: "model",
                files: ModelDocuments(["config.json": Array(config.compactText.utf8)]),
                card: nil, tensors: tensors.map { CheckpointTensor(name: $0.0, shape: $0.1, dtype: .bf16) })
            _ = try ArchitecturePlan(model, .f16, isComplete: false)
            return nil
        } catch {
            return error
        }
    }

    private static let families: [(String, String)] = ArchitectureRegistry.families.map { family in
        // Of some the kind is that of a whole with pictures, and the sizes are those of the part for text.
        let type = family.modelTypes.first ?? ""
        return (family.classes.first ?? "", type == "mistral3" ? "mistral" : type)
    }

    @Test(arguments: families) func refusesAbsurdSizes(architecture: String, type: String) {
        let absurd: [JSON] = [
            0, -1, 4_611_686_018_427_387_904, -9_223_372_036_854_775_808, .number(1.5), "4", .null, true, [],
            [1, 2],
            [:],
        ]
        for key in (Self.small.members ?? []).map(\.key) + ["num_experts", "num_local_experts", "n_embd"] {
            for value in absurd {
                // Not every family looks at each of them: what counts is that it comes back.
                let error = error(config(architecture, type, [key: value]))
                if let error { #expect(!error.message.isEmpty) }
            }
        }
        for (key, value) in [
            ("num_hidden_layers", 0), ("num_hidden_layers", -1), ("num_hidden_layers", 1 << 62),
            ("num_attention_heads", 0), ("num_attention_heads", -3), ("num_attention_heads", 1 << 62),
            ("hidden_size", 0), ("hidden_size", 1 << 40),
        ] {
            let error = error(config(architecture, type, [key: .integer(value)]))
            #expect(
                ["config-value-wrong", "config-key-missing"].contains(error?.code.rawValue), "\(key) \(value)"
            )
        }
    }

    @Test(arguments: families) func refusesWhatIsNoNumber(architecture: String, type: String) {
        for key in [
            "rope_theta", "rms_norm_eps", "layer_norm_eps", "partial_rotary_factor", "sliding_window",
            "head_dim",
            "rope_scaling", "rope_parameters", "max_position_embeddings", "num_key_value_heads",
            "original_max_position_embeddings", "layer_types", "attn_logit_softcapping",
        ] {
            let values: [JSON] = [
                "much", .number(.nan), .number(.infinity), -1, [:], ["type": "yarn"], ["rope_type": 3],
            ]
            for value in values {
                let error = error(config(architecture, type, [key: value]))
                if let error { #expect(!error.message.isEmpty) }
            }
        }
    }

    @Test(arguments: families) func refusesTensorsOfOthers(architecture: String, type: String) {
        for name in [
            "model.layers.0.self_attn.wings.weight", "", "blk.0.attn_q.weight.", "lm_head.weight.weight",
        ] {
            let error = error(config(architecture, type, [:]), [(name, [8, 8])])
            // Families of which transformers has no defaults may miss a key before.
            let codes =
                ["tensor-unknown"]
                + (type.isEmpty || ["git", "hunyuan_v1_moe"].contains(type)
                    ? ["config-key-missing", "config-value-wrong"] : [])
            #expect(codes.contains(error?.code.rawValue ?? ""), "\(name): \(error?.description ?? "taken")")
        }
    }

    @Test func aFloatIsNoWholeNumber() {
        for key in [
            "num_attention_heads", "num_key_value_heads", "num_hidden_layers", "max_position_embeddings",
        ] {
            let error = error(config("LlamaForCausalLM", "llama", [key: .number(4)]))
            #expect(error?.code.rawValue == "config-value-wrong", "\(key)")
        }
    }

    @Test func namesKeysThatAreMissing() {
        // Without a kind there are no defaults.
        for (key, architecture) in [
            ("num_attention_heads", "LlamaForCausalLM"), ("num_hidden_layers", "Qwen2ForCausalLM"),
            ("hidden_size", "Phi3ForCausalLM"), ("vocab_size", "LlamaForCausalLM"),
        ] {
            let error = error(
                config(architecture, "none", [key: .some(.null), "original_max_position_embeddings": 4]))
            #expect(error?.code.rawValue == "config-key-missing")
            #expect(error?.message.contains("\"\(key)\"") == true, "\(error?.message ?? "")")
        }
    }

    /// A list of other length is refused by transformers, and then there are no defaults.
    @Test(arguments: [("Gemma2ForCausalLM", "gemma2"), ("Qwen3ForCausalLM", "qwen3")])
    func takesNoDefaultsWithOtherLayers(architecture: String, type: String) {
        let layers: JSON = ["full_attention", "full_attention"]
        let changes: [String: JSON?] = ["num_hidden_layers": .some(.null), "layer_types": layers]
        #expect(error(config(architecture, type, changes))?.message.contains("num_hidden_layers") == true)
        let fitting: [String: JSON?] = ["num_hidden_layers": 2, "layer_types": layers]
        #expect(error(config(architecture, type, fitting)) == nil)
    }

    @Test func refusesOtherShapes() {
        let llama = config("LlamaForCausalLM", "llama", [:])
        for (name, shape) in [
            ("model.layers.0.self_attn.q_proj.weight", [7, 8]),
            ("model.layers.0.self_attn.q_proj.weight", []),
            ("model.layers.0.self_attn.q_proj.weight", [0, 8]),
            ("model.layers.0.self_attn.k_proj.weight", [4, 9]),
            ("model.embed_tokens.weight", [8, 7]), ("model.norm.weight", [9]), ("model.norm.weight", [8, 1]),
            ("lm_head.weight", [8, 4]),
        ] {
            let error = error(llama, [(name, shape)])
            #expect(
                error?.code.rawValue == "tensor-shape", "\(name) \(shape): \(error?.description ?? "taken")")
        }
        let gpt2 = config("GPT2LMHeadModel", "gpt2", ["hidden_size": 8])
        #expect(error(gpt2, [("h.0.attn.c_attn.weight", [8])])?.code.rawValue == "tensor-shape")
    }

    @Test func refusesBlocksThatAreNotThere() {
        let llama = config("LlamaForCausalLM", "llama", [:])
        for block in ["1", "17", "99999999999999999999"] {
            let error = error(llama, [("model.layers.\(block).mlp.up_proj.weight", [8, 8])])
            #expect(error?.code.rawValue == "tensor-unknown", "\(block): \(error?.description ?? "taken")")
        }
    }

    @Test func refusesTwoTensorsOfOneName() {
        let llama = config("LlamaForCausalLM", "llama", [:])
        #expect(
            error(llama, [("model.norm.weight", [8]), ("norm.weight", [8])])?.code.rawValue == "tensor-twice")
    }

    @Test func tellsOfMissingExperts() {
        let mixtral = config("MixtralForCausalLM", "mixtral", ["num_local_experts": 2])
        func names(_ experts: [Int]) -> [(String, [Int])] {
            experts.flatMap { expert in
                ["w1", "w2", "w3"].map {
                    ("model.layers.0.block_sparse_moe.experts.\(expert).\($0).weight", [8, 8])
                }
            }
        }
        #expect(error(mixtral, names([0, 1])) == nil)
        let missing = error(mixtral, names([0]))
        #expect(missing?.code.rawValue == "tensor-missing")
        #expect(missing?.message.contains("experts.1.w1") == true)
        #expect(error(mixtral, names([0, 7]))?.message.contains("experts.1.w1") == true)
        var odd = names([0, 1])
        odd[4].1 = [8, 9]
        #expect(error(mixtral, odd)?.code.rawValue == "tensor-shape")
    }

    @Test func refusesFactorsOfAnotherNumber() {
        let scaling: JSON = ["type": "longrope", "long_factor": [1, 2, 3], "short_factor": [1, 2, 3]]
        let phi = config(
            "Phi3ForCausalLM", "phi3", ["rope_scaling": scaling, "original_max_position_embeddings": 4])
        #expect(error(phi)?.code != nil)
    }
}
