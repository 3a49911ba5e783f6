import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Quantized checkpoints that are not what they say: a clear error, never a trap.
@Suite struct BadQuantizationTests {
    @Test(arguments: [
        "awq", "bitsandbytes", "hqq", "aqlm", "quanto", "torchao", "mxfp4", "fbgemm_fp8", "higgs", "",
    ]) func namesMethodsThatCannotBeUndone(method: String) {
        let error = QuantizedModel(["quant_method": .string(method)], []).error
        #expect(error?.code.rawValue == "quantization-unknown")
        #expect(error?.message.contains(method.isEmpty ? "an unnamed method" : "by \(method)") == true)
        #expect(error?.fix?.contains("from which it was quantized") == true)
    }

    private static func compressed(_ format: String, _ weights: JSON) -> JSON {
        [
            "quant_method": "compressed-tensors", "format": .string(format),
            "config_groups": ["group_0": ["weights": weights]],
        ]
    }

    @Test func namesKindsOfCompressedTensorsThatAreNotKnown() {
        let cases: [(JSON, String)] = [
            (Self.compressed("marlin-24", ["num_bits": 4]), "marlin-24"),
            (Self.compressed("float-quantized", ["strategy": "tensor"]), "\"tensor\""),
            (Self.compressed("int-quantized", ["strategy": "channel", "group_size": 128]), "a group size"),
            (Self.compressed("pack-quantized", ["strategy": "channel", "num_bits": 4]), "\"channel\""),
            (Self.compressed("pack-quantized", ["strategy": "group", "type": "float"]), "only groups"),
        ]
        for (quantization, word) in cases {
            let error = QuantizedModel(quantization, []).error
            #expect(error?.code.rawValue == "quantization-unknown")
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "taken")")
        }
        let two: JSON = [
            "quant_method": "compressed-tensors", "format": "pack-quantized",
            "config_groups": ["a": [:], "b": [:]],
        ]
        #expect(QuantizedModel(two, []).error?.message.contains("2 groups") == true)
    }

    @Test func refusesAbsurdValues() {
        let absurd: [JSON] = [
            0, -1, 4_611_686_018_427_387_904, -9_223_372_036_854_775_808, .number(1.5), "4", true, [], [0],
            [1, "2"], [:],
        ]
        for value in absurd {
            let cases: [JSON] = [
                ["quant_method": "gptq", "bits": value],
                Self.compressed(
                    "pack-quantized", ["strategy": "group", "num_bits": value, "group_size": 32]),
                Self.compressed("pack-quantized", ["strategy": "group", "num_bits": 4, "group_size": value]),
                ["quant_method": "compressed-tensors", "format": "pack-quantized", "config_groups": value],
            ]
            for quantization in cases {
                #expect(QuantizedModel(quantization, []).error != nil, "\(quantization)")
            }
            if value != [] {
                let block: JSON = ["quant_method": "fp8", "weight_block_size": value]
                #expect(QuantizedModel(block, []).error?.code.rawValue == "config-value-wrong", "\(value)")
            }
        }
        for value: JSON in ["gptq", [1], 3, true] {
            #expect(QuantizedModel(value, []).error?.code.rawValue == "config-value-wrong")
        }
        #expect(QuantizedModel(["quant_method": 3], []).error?.code.rawValue == "config-value-wrong")
    }

    private typealias Tensors = [(String, DType, [Int])]
    private static let fp8: JSON = ["quant_method": "fp8", "weight_block_size": [4, 4]]
    private static let gptq: JSON = ["quant_method": "gptq", "bits": 4]
    private static let packed = compressed(
        "pack-quantized", ["strategy": "group", "num_bits": 4, "group_size": 8])
    private static let wholeGPTQ: Tensors = [
        ("a.qweight", .i32, [2, 16]), ("a.qzeros", .i32, [2, 2]), ("a.scales", .f16, [2, 16]),
        ("a.g_idx", .i32, [16]),
    ]
    private static let wholePacked: Tensors = [
        ("a.weight_packed", .i32, [8, 2]), ("a.weight_scale", .bf16, [8, 2]), ("a.weight_shape", .i64, [2]),
        ("a.weight_zero_point", .i32, [1, 2]),
    ]

    @Test func tellsOfMissingParts() {
        let cases: [(JSON, Tensors, Int)] = [
            (Self.gptq, Self.wholeGPTQ, 4), (Self.packed, Self.wholePacked, 3),
            (Self.fp8, [("a.weight_scale_inv", .f32, [1, 1]), ("a.weight", .f8e4m3, [4, 4])], 2),
        ]
        for (quantization, tensors, count) in cases {
            for left in 1..<count {
                var tensors = tensors
                tensors.remove(at: left)
                #expect(QuantizedModel(quantization, tensors).error?.code.rawValue == "tensor-missing")
            }
        }
    }

    @Test func refusesShapesAndTypesThatDoNotFit() {
        let shape: [UInt8] = [8, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0]
        let whole = QuantizedModel(Self.packed, Self.wholePacked, bytes: ["a.weight_shape": shape])
        #expect(whole.error == nil)
        #expect(QuantizedModel(Self.gptq, Self.wholeGPTQ).error == nil)
        let others: [[Int]] = [[], [0], [1], [3], [7, 5], [16, 1], [2, 2, 2], [0, 16]]
        for (quantization, tensors) in [(Self.gptq, Self.wholeGPTQ), (Self.packed, Self.wholePacked)] {
            for index in tensors.indices {
                for other in others where other != tensors[index].2 {
                    var tensors = tensors
                    tensors[index].2 = other
                    let model = QuantizedModel(quantization, tensors, bytes: ["a.weight_shape": shape])
                    #expect(model.error?.code.rawValue == "quantization-shape", "\(tensors[index])")
                }
                var tensors = tensors
                tensors[index].1 = .c64
                let model = QuantizedModel(quantization, tensors, bytes: ["a.weight_shape": shape])
                #expect(["quantization-type", "quantization-shape"].contains(model.error?.code.rawValue))
            }
        }
        for scale in [[], [1], [2], [1, 2], [3, 1], [1, 1, 1], [0, 0]] {
            let model = QuantizedModel(
                Self.fp8, [("a.weight", .f8e4m3, [8, 8]), ("a.weight_scale_inv", .f32, scale)])
            #expect(model.error?.code.rawValue == "quantization-shape", "\(scale)")
        }
    }

    @Test func refusesShapesInTensorsThatAreAbsurd() {
        for bytes: [UInt8] in [
            [UInt8](repeating: 0, count: 16), [UInt8](repeating: 255, count: 16),
            [8, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 127, count: 8),
            [8, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0],
        ] {
            let model = QuantizedModel(Self.packed, Self.wholePacked, bytes: ["a.weight_shape": bytes])
            #expect(model.error?.code.rawValue == "quantization-shape")
        }
    }

    @Test(arguments: [
        ("q_proj.qweight", "GPTQ or AWQ"), ("q_proj.weight.absmax", "bitsandbytes"),
        ("q_proj.weight_scale", "quantized"), ("q_proj.biases", "MLX"),
    ]) func tellsOfQuantizationThatIsNotSaid(name: String, word: String) throws {
        let config: JSON = [
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 8, "hidden_size": 8,
            "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
        ]
        let model = try HuggingFaceModel(
            directoryName: "model", files: ModelDocuments(["config.json": Array(config.compactText.utf8)]),
            card: nil,
            tensors: [CheckpointTensor(name: "model.layers.0.self_attn.\(name)", shape: [8], dtype: .f16)])
        let error = #expect(throws: ConversionError.self) {
            _ = try HuggingFaceConversion(model, sha256: sha256)
        }
        #expect(error?.code.rawValue == "quantization-unknown")
        #expect(error?.message.contains(word) == true)
    }

    // MARK: Anything

    @Test(arguments: 0..<8) func survivesAnything(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 77)
        let values: [JSON] = [
            .null, 0, 1, 2, 4, 8, 32, -1, .integer(1 << 40), "group", "channel", "block", "float", "int",
            "gptq", [],
            [2, 2], [128, 128], [0], [.integer(1 << 62), .integer(1 << 62)], [:], true, "pack-quantized",
            "float-quantized", "NVFP4",
        ]
        let methods: [JSON] = [
            "fp8", "gptq", "bitnet", "compressed-tensors", "modelopt", "mxfp4", "awq", .null, 5,
        ]
        let keys = [
            "weight_block_size", "bits", "checkpoint_format", "format", "quant_algo", "config_groups",
            "quantized_layers",
        ]
        let inner = ["strategy", "block_structure", "group_size", "num_bits", "type", "format"]
        let suffixes = [
            "weight", "weight_scale", "weight_scale_inv", "weight_packed", "weight_shape",
            "weight_zero_point",
            "qweight", "qzeros", "scales", "g_idx", "qscale_weight", "input_scale", "activation_scale",
        ]
        let types: [DType] = [.u8, .i8, .i32, .i64, .f16, .bf16, .f32, .f8e4m3, .f8e5m2, .f8e8m0, .f4, .c64]
        for _ in 0..<400 {
            func pick<T>(_ list: [T]) -> T { list[Int.random(in: 0..<list.count, using: &random)] }
            var members = [JSON.Member("quant_method", pick(methods))]
            for key in keys where Bool.random(using: &random) {
                members.append(JSON.Member(key, pick(values)))
            }
            var weights: [JSON.Member] = []
            for key in inner where Bool.random(using: &random) {
                weights.append(JSON.Member(key, pick(values)))
            }
            if Bool.random(using: &random) {
                members.append(JSON.Member("config_groups", ["g": ["weights": .object(weights)]]))
            }
            var tensors: Tensors = []
            for suffix in suffixes where Bool.random(using: &random) {
                let count = Int.random(in: 0...3, using: &random)
                tensors.append(
                    ("a.\(suffix)", pick(types), (0..<count).map { _ in pick([0, 1, 2, 4, 8, 16]) }))
            }
            let shape: [UInt8] = [UInt8](repeating: 0, count: 16).enumerated().map {
                $0.offset % 8 == 0 ? pick([0, 1, 2, 4, 8, 16]) : 0
            }
            var bytes: [String: [UInt8]] = [:]
            for tensor in tensors {
                let size = tensor.2.reduce(1, *) * tensor.1.bitsPerElement / 8
                bytes[tensor.0] = (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) }
                if tensor.0 == "a.weight_shape", size == 16 { bytes[tensor.0] = shape }
            }
            let model = QuantizedModel(.object(members), tensors, bytes: bytes)
            do {
                for tensor in try model.dequantization().tensors { _ = try model.bytes(tensor) }
            } catch let error as ConversionError {
                #expect(!error.message.isEmpty && error.fix != nil)
            }
        }
    }
}
