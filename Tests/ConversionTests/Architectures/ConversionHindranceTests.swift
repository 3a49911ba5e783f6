import Formats
import Testing

@testable import Conversion

/// What a configuration tells of a conversion before there are weights.
@Suite struct ConversionHindranceTests {
    @Test(arguments: ArchitectureTests.names) func nothingHindersWhatIsConverted(name: String) throws {
        let model = try ArchitectureTests.read(name).model()
        let quantization = try model.files.json("hf_quant_config.json")
        #expect(ConversionHindrance.reason(model.config.raw, quantization: quantization) == nil, "\(name)")
    }

    private func reason(_ key: String, _ value: JSON) throws -> String? {
        let model = try ArchitectureTests.read("small-llama-base").model()
        let members = (model.config.raw.members ?? []).filter { $0.key != key }
        return ConversionHindrance.reason(.object(members + [JSON.Member(key, value)]), quantization: nil)
    }

    @Test(arguments: ["awq", "bitsandbytes", "hqq", "torchao", "mxfp4"])
    func weightsByAMethodThatIsNotUndoneHinder(method: String) throws {
        let found = try reason("quantization_config", ["quant_method": .string(method), "bits": 4])
        #expect(found == "the weights are quantized by \(method), which cannot be converted")
    }

    @Test func onlySomeBitsOfGPTQDo() throws {
        #expect(try reason("quantization_config", ["quant_method": "gptq", "bits": 4]) == nil)
        let found = try reason("quantization_config", ["quant_method": "gptq", "bits": 3])
        #expect(found?.contains("\"bits\" 3") == true)
    }

    @Test func whatLlamaCppDoesNotComputeHinders() throws {
        #expect(try reason("hidden_act", "silu") == nil)
        #expect(try reason("hidden_act", "relu")?.contains("\"hidden_act\" is \"relu\"") == true)
    }
}
