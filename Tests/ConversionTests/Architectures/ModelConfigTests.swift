import Formats
import Testing

@testable import Conversion

/// What a configuration leaves out, and when it is filled in.
@Suite struct ModelConfigTests {
    private static let plain: [String: JSON] = ["model_type": "llama", "architectures": ["LlamaForCausalLM"]]

    private static func config(_ changes: [String: JSON]) throws -> ModelConfig {
        let values = plain.merging(changes) { $1 }
        return try ModelConfig(
            .object(values.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }))
    }

    @Test func whatIsLeftOutHasTheKindOfModelsDefault() throws {
        #expect(try Self.config([:])["rope_theta"]?.double == 10000)
        #expect(try Self.config(["quantization_config": [:]])["rope_theta"]?.double == 10000)
    }

    @Test(arguments: ["quantization_config", "text_config", "vision_config"])
    func nothingIsFilledInWhereAQuantizationIsNull(key: String) throws {
        let value: JSON = key == "quantization_config" ? .null : ["quantization_config": .null]
        #expect(try Self.config([key: value])["rope_theta"] == nil)
    }
}
