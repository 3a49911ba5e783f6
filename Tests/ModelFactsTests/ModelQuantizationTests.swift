import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Storage
@testable import Tensors

@Suite struct ModelQuantizationTests {
    private func read(_ text: String) throws -> ModelQuantization? {
        ModelQuantization(config: try JSON.parse(Array(text.utf8).span))
    }

    @Test(
        arguments: [
            (#"{"quantization_config":{"quant_method":"awq","bits":4,"version":"gemm"}}"#, "awq", nil, 4),
            (#"{"quantization_config":{"quant_method":"gptq","bits":8}}"#, "gptq", nil, 8),
            (
                #"{"quantization_config":{"load_in_4bit":true,"bnb_4bit_quant_type":"nf4"}}"#, "bitsandbytes",
                "nf4", 4
            ),
            (
                #"{"quantization_config":{"quant_method":"bitsandbytes","load_in_8bit":true}}"#,
                "bitsandbytes",
                "int8", 8
            ),
            (
                #"{"quantization_config":{"quant_method":"compressed-tensors","format":"float-quantized","config_groups":{"group_0":{"weights":{"num_bits":8}}}}}"#,
                "compressed-tensors", "float-quantized", 8
            ),
            (
                #"{"compression_config":{"quant_method":"compressed-tensors"}}"#, "compressed-tensors", nil,
                nil
            ),
            (#"{"text_config":{"quantization_config":{"quant_method":"mxfp4"}}}"#, "mxfp4", nil, 4),
            (
                #"{"quantization_config":{"quant_method":"modelopt","quant_algo":"NVFP4"}}"#, "modelopt",
                "nvfp4", nil
            ),
            (#"{"quantization":{"group_size":64,"bits":4}}"#, "mlx", nil, 4),
            (#"{"quantization_config":{"quant_method":"hqq","nbits":3}}"#, "hqq", nil, 3),
        ] as [(String, String, String?, Int?)])
    func readsConfigurations(_ config: String, _ method: String, _ format: String?, _ bits: Int?) throws {
        #expect(try read(config) == ModelQuantization(method: method, format: format, bits: bits))
    }

    @Test(arguments: [
        #"{}"#, #"{"quantization_config":null}"#, #"{"quantization_config":{"bits":4}}"#,
        #"{"quantization":"x"}"#,
    ])
    func findsNoneWhereNoneIsSaid(_ config: String) throws {
        #expect(try read(config) == nil)
    }

    @Test func readsWhatOlderToolsWroteBeside() async throws {
        let weights = safetensors([("w", .f16, [2, 2])])
        let awq = try await facts([
            ("config.json", text("{}")), ("model.safetensors", weights),
            ("quant_config.json", text(#"{"w_bit":4,"q_group_size":128,"version":"GEMM"}"#)),
        ])
        #expect(awq.quantization == ModelQuantization(method: "awq", format: "gemm", bits: 4))
        let gptq = try await facts([
            ("model.safetensors", weights), ("quantize_config.json", text(#"{"bits":4,"group_size":128}"#)),
        ])
        #expect(gptq.quantization == ModelQuantization(method: "gptq", bits: 4))
        let modelopt = try await facts([
            ("model.safetensors", weights),
            ("hf_quant_config.json", text(#"{"quantization":{"quant_algo":"FP8"}}"#)),
        ])
        #expect(modelopt.quantization == ModelQuantization(method: "modelopt", format: "fp8"))
    }

    @Test(
        arguments: [
            ("l.0.qweight l.0.qzeros l.0.g_idx", "gptq"), ("l.0.qweight l.0.qzeros l.0.scales", "awq"),
            ("l.0.q_invperm", "exl2"), ("l.0.trellis", "exl3"),
            ("l.0.weight_packed", "compressed-tensors"),
            ("l.0.weight.quant_state.bitsandbytes__nf4", "bitsandbytes"),
            ("l.0.SCB", "bitsandbytes"), ("l.0.codebooks", "aqlm"), ("l.0.W_q", "hqq"),
            ("l.0.weight_scale_inv", "fp8"), ("l.0.gate_up_proj_blocks", "mxfp4"), ("l.0.weight", nil),
        ] as [(String, String?)])
    func knowsTheNamesOfTensors(_ names: String, _ method: String?) {
        let tensors = names.split(separator: " ").map { (name: String($0), dtype: DType.u8) }
        #expect(ModelQuantization(tensors: tensors)?.method == method)
    }

    @Test func locksWhatItRead() throws {
        let found = ModelQuantization(method: "modelopt", format: "nvfp4", bits: 4)
        #expect(found.json.compactText == #"{"bits":4,"format":"nvfp4","method":"modelopt"}"#)
        #expect(ModelQuantization(found.json) == found)
    }

    @Test func takesTheLargestGGUFModel() {
        let files: [(path: RelativePath, size: Int)] = [
            ("a-Q4_K_M.gguf", 4), ("b-00001-of-00002.gguf", 3), ("b-00002-of-00002.gguf", 3),
            ("mmproj-a.gguf", 9),
        ]
        #expect(GGUFWeights.chosen(files) == ["b-00001-of-00002.gguf", "b-00002-of-00002.gguf"])
    }
}
