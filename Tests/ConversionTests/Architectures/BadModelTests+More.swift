import Testing

@testable import Formats

/// What only some families can have wrong.
extension BadModelTests {
    @Test func refusesFusedTensorsOfOtherShapes() {
        let cases: [(String, String, String)] = [
            ("FalconForCausalLM", "falcon", "transformer.h.0.self_attention.query_key_value.weight"),
            ("GPTNeoXForCausalLM", "gpt_neox", "gpt_neox.layers.0.attention.query_key_value.weight"),
            ("BloomForCausalLM", "bloom", "h.0.self_attention.query_key_value.weight"),
            ("InternLM2ForCausalLM", "internlm2", "model.layers.0.attention.wqkv.weight"),
            ("Ernie4_5_ForCausalLM", "ernie4_5", "model.layers.0.self_attn.qkv_proj.weight"),
            ("DeepseekV2ForCausalLM", "deepseek_v2", "model.layers.0.self_attn.kv_b_proj.weight"),
        ]
        for (architecture, type, name) in cases {
            for shape in [[], [0], [7, 8], [8], [1, 1, 1]] {
                let error = error(config(architecture, type, [:]), [(name, shape)])
                #expect(
                    error?.code.rawValue == "tensor-shape",
                    "\(name) \(shape): \(error?.description ?? "taken")")
            }
        }
    }

    @Test func tellsOfMissingExpertsOfDeepSeek() {
        let deepSeek = config("DeepseekV3ForCausalLM", "deepseek_v3", ["n_routed_experts": 2])
        let names = ["down_proj", "gate_proj", "up_proj"].map {
            ("model.layers.0.mlp.experts.0.\($0).weight", [8, 8])
        }
        #expect(error(deepSeek, names)?.code.rawValue == "tensor-missing")
        let none = config("DeepseekV3ForCausalLM", "deepseek_v3", ["n_routed_experts": 0])
        #expect(error(none)?.code.rawValue == "config-value-wrong")
    }

    @Test func refusesHalfOfTheBlocksOfExperts() {
        let model = config("GptOssForCausalLM", "gpt_oss", [:])
        let start = "model.layers.0.mlp.experts."
        #expect(
            error(model, [(start + "down_proj_blocks", [2, 8, 1, 16])])?.code.rawValue == "tensor-missing")
        #expect(error(model, [(start + "gate_up_proj", [2, 8, 7])])?.code.rawValue == "tensor-shape")
        #expect(error(model, [(start + "gate_up_proj", [8])])?.code.rawValue == "tensor-shape")
        #expect(error(model, [(start + "sideways_proj", [2, 8, 8])])?.code.rawValue == "tensor-unknown")
    }

    @Test func refusesEncodersOfAnotherKind() {
        let positions = "embeddings.position_embeddings.weight"
        let roberta = config("RobertaModel", "roberta", [:])
        #expect(error(roberta, [(positions, [2, 8])])?.code.rawValue == "tensor-shape")
        #expect(error(roberta, [(positions, [])])?.code.rawValue == "tensor-shape")
        for padding in [-1, 1 << 62] {
            let odd = config("RobertaModel", "roberta", ["pad_token_id": .integer(padding)])
            #expect(error(odd)?.code.rawValue == "config-value-wrong")
        }
        for labels: JSON in [["one": "1"], ["0": 1]] {
            let odd = config("BertModel", "bert", ["id2label": labels])
            #expect(error(odd)?.code.rawValue == "config-value-wrong")
        }
        for (key, value): (String, JSON) in [
            ("n_positions", 77), ("prenorm", true), ("activation_function", "relu"), ("causal", .null),
        ] {
            let odd = config("NomicBertModel", "nomic_bert", [key: value])
            #expect(error(odd)?.code.rawValue == "config-value-wrong", "\(key)")
        }
    }

    @Test func refusesFactorsOfMiniCPMOfAnotherNumber() {
        let scaling: JSON = ["type": "longrope", "long_factor": [1, 2, 3], "short_factor": [1, 2]]
        let odd = config("MiniCPMForCausalLM", "minicpm", ["rope_scaling": scaling])
        #expect(error(odd)?.code.rawValue == "config-value-wrong")
        let half: JSON = ["type": "longrope", "long_factor": [1, 2]]
        #expect(
            error(config("MiniCPMForCausalLM", "minicpm", ["rope_scaling": half]))?.code.rawValue
                == "config-value-wrong")
    }

    @Test func refusesExaoneWithAnotherActivation() {
        let odd = config("ExaoneForCausalLM", "exaone", ["activation_function": "gelu"])
        #expect(error(odd)?.code.rawValue == "config-value-wrong")
    }
}
