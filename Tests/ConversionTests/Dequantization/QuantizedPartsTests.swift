import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Codes without what they mean nothing without, and what is left of weights whose codes are missing: by names alone,
/// also of methods that cannot be undone.
@Suite struct QuantizedPartsTests {
    private typealias Ends = [(String, DType, [Int])]

    private static func config(_ quantization: JSON) -> JSON {
        [
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 8, "hidden_size": 32,
            "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
            "tie_word_embeddings": false, "quantization_config": quantization,
        ]
    }

    /// A small Llama whose matrices are stored as tensors with these ends.
    private static func tensors(_ ends: Ends) -> [CheckpointTensor] {
        var tensors = [
            CheckpointTensor(name: "lm_head.weight", shape: [8, 32], dtype: .f16),
            CheckpointTensor(name: "model.embed_tokens.weight", shape: [8, 32], dtype: .f16),
            CheckpointTensor(name: "model.norm.weight", shape: [32], dtype: .f16),
        ]
        for block in 0..<2 {
            let start = "model.layers.\(block)."
            for norm in ["input_layernorm", "post_attention_layernorm"] {
                tensors.append(CheckpointTensor(name: "\(start)\(norm).weight", shape: [32], dtype: .f16))
            }
            for layer in ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"]
                + ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]
            {
                tensors += ends.map { CheckpointTensor(name: start + layer + $0.0, shape: $0.2, dtype: $0.1) }
            }
        }
        return tensors
    }

    private static let words: Ends = [
        (".qweight", .i32, [32, 4]), (".qzeros", .i32, [1, 4]), (".scales", .f16, [1, 32]),
    ]
    private static let groups: Ends = words + [(".g_idx", .i32, [32])]
    private static let nested: Ends = [
        (".weight", .u8, [512, 1]), (".weight.absmax", .u8, [16]), (".weight.quant_map", .f32, [16]),
        (".weight.nested_absmax", .f32, [1]), (".weight.nested_quant_map", .f32, [256]),
        (".weight.quant_state.bitsandbytes__nf4", .u8, [90]),
    ]
    private static let rows: Ends = [
        (".weight", .i8, [32, 32]), (".SCB", .f32, [32]), (".weight_format", .u8, []),
    ]
    private static let plainScales: Ends = [(".weight", .f8e4m3, [32, 32]), (".weight_scale", .f32, [])]
    private static let packed: Ends = [
        (".weight_packed", .i32, [32, 4]), (".weight_scale", .bf16, [32, 1]),
        (".weight_shape", .i64, [2]),
    ]
    private static let zeros: Ends = [(".weight_zero_point", .i32, [4, 1])]
    private static func compressed(_ format: String, _ weights: JSON) -> JSON {
        [
            "quant_method": "compressed-tensors", "format": .string(format),
            "config_groups": ["group_0": ["weights": weights]],
        ]
    }

    /// Each with what a model has, all of which is needed where its configuration states so.
    private static let methods: [(String, JSON, Ends)] = [
        ("awq", ["quant_method": "awq", "bits": 4, "zero_point": true, "version": "gemm"], words),
        ("awq-unsaid", ["quant_method": "awq", "bits": 4], words),
        ("gptq", ["quant_method": "gptq", "bits": 4], [(".qweight", .i32, [4, 32])] + groups.dropFirst()),
        ("gptq-3", ["quant_method": "gptq", "bits": 3, "desc_act": true], groups),
        ("auto-round", ["quant_method": "auto-round", "bits": 4], words),
        ("nested", ["quant_method": "bitsandbytes", "load_in_4bit": true], nested),
        (
            "four", ["quant_method": "bitsandbytes", "load_in_4bit": true, "bnb_4bit_quant_type": "nf4"],
            nested.filter { !$0.0.contains("nested") }
        ),
        ("eight", ["quant_method": "bitsandbytes", "load_in_8bit": true], rows),
        ("fbgemm", ["quant_method": "fbgemm_fp8"], plainScales),
        ("fp8", ["quant_method": "fp8"], [(".weight", .f8e4m3, [32, 32]), (".weight_scale_inv", .f32, [])]),
        ("tensor", compressed("float-quantized", ["strategy": "tensor", "num_bits": 8]), plainScales),
        (
            "packed", compressed("pack-quantized", ["strategy": "group", "num_bits": 4, "group_size": 32]),
            packed
        ),
        (
            "packed-zeros",
            compressed(
                "pack-quantized",
                ["strategy": "group", "num_bits": 4, "group_size": 32, "symmetric": false]), packed + zeros
        ),
        (
            "packed-rows", compressed("pack-quantized", ["strategy": "channel", "num_bits": 4]),
            packed + zeros
        ),
        (
            "nvfp4", ["quant_method": "modelopt", "quant_algo": "NVFP4"],
            [
                (".weight", .u8, [32, 32]), (".weight_scale", .f8e4m3, [32, 4]),
                (".weight_scale_2", .f32, []),
            ]
        ),
        ("bitnet", ["quant_method": "bitnet"], [(".weight", .u8, [8, 32]), (".weight_scale", .bf16, [1])]),
    ]

    @Test(arguments: methods.indices) func aWholeModelLacksNothing(at index: Int) {
        let (name, quantization, ends) = Self.methods[index]
        #expect(MissingTensors.names(Self.config(quantization), Self.tensors(ends)) == [], "\(name)")
    }

    @Test(arguments: methods.indices) func eachTensorIsNamed(at index: Int) {
        let (name, quantization, ends) = Self.methods[index]
        let all = Self.tensors(ends)
        for tensor in all {
            let found = MissingTensors.names(Self.config(quantization), all.filter { $0 != tensor })
            #expect(found == [tensor.name], "\(name)")
        }
    }

    @Test func partsThatNoWeightHasAreAskedForWhereTheConfigurationStatesThem() {
        for index in Self.methods.indices {
            let (name, quantization, ends) = Self.methods[index]
            guard ["awq", "gptq-3", "packed-zeros"].contains(name), let last = ends.last else { continue }
            let found = MissingTensors.names(Self.config(quantization), Self.tensors(ends.dropLast()))
            #expect(
                found.count == 14 && found.allSatisfy { $0.hasSuffix(last.0) || name == "awq" }, "\(name)")
        }
    }

    @Test func groupsOfColumnsAreNotAskedForWhereNoMatrixHasThem() {
        let quantization: JSON = ["quant_method": "gptq", "bits": 4, "desc_act": false]
        #expect(MissingTensors.names(Self.config(quantization), Self.tensors(Self.words)) == [])
        // It cannot be made plain numbers.
        let error = #expect(throws: ConversionError.self) {
            _ = try Dequantization(
                ModelConfig(Self.config(quantization)), ModelDocuments(), Self.tensors(Self.words),
                contents: [:])
        }
        #expect(error?.tensors.first == "model.layers.0.self_attn.q_proj.g_idx")
    }

    @Test func partsOfAModelThatIsNotOfAKnownFamilyBelongTogetherToo() {
        let all = Self.tensors(Self.words)
        let config: JSON = [
            "architectures": ["SomethingForCausalLM"], "quantization_config": ["quant_method": "awq"],
        ]
        #expect(MissingTensors.names(config, all) == [])
        let lost = "model.layers.1.mlp.up_proj.scales"
        #expect(MissingTensors.names(config, all.filter { $0.name != lost }) == [lost])
        let norm = "model.norm.weight"
        #expect(MissingTensors.names(config, all.filter { $0.name != norm }) == [])
    }

    @Test func whatIsNotPutIntoAFileNeedsNoParts() {
        let scale = "vision_tower.layers.0.fc1.scales"
        let all = Self.tensors(Self.words) + [CheckpointTensor(name: scale, shape: [1, 32], dtype: .f16)]
        #expect(MissingTensors.names(Self.config(["quant_method": "awq"]), all) == [])
    }
}
