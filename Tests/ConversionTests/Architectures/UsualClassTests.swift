import Formats
import Testing

@testable import Conversion

@Suite struct UsualClassTests {
    @Test(arguments: [
        ("qwen3", "Qwen3ForCausalLM"), ("llama", "LlamaForCausalLM"), ("gemma2", "Gemma2ForCausalLM"),
        ("bert", "BertModel"),
    ])
    func aClassIsProposedByTheModelsType(type: String, name: String) {
        let error = #expect(throws: ConversionError.self) {
            try ArchitectureRegistry.family(of: "", modelType: type)
        }
        #expect(error?.fix?.contains("[\"\(name)\"]") == true)
    }

    @Test func noClassIsGuessedOfAnotherType() {
        let error = #expect(throws: ConversionError.self) {
            try ArchitectureRegistry.family(of: "", modelType: "nothing")
        }
        #expect(error?.fix?.contains("[") == false)
    }

    @Test(arguments: [
        ("LLamaForCausalLM", true), ("WhisperForConditionalGeneration", false), ("HeliumForCausalLM", false),
        ("ElectraModel", false), ("PocketTTS", false), ("", false), ("F", false),
    ])
    func onlyNamesOfTheSameKindAreNear(name: String, isNear: Bool) {
        let error = #expect(throws: ConversionError.self) { try ArchitectureRegistry.family(of: name) }
        #expect(error?.notes.isEmpty == !isNear)
    }

    @Test func aModelOfTextHasNoProjector() {
        let error = #expect(throws: ConversionError.self) {
            try ProjectorRegistry.family(of: "Qwen3ForCausalLM", hasPart: false)
        }
        #expect(error?.fix?.contains("leave --mmproj out") == true)
        #expect(ProjectorRegistry.hasPart(["vision_config": ["a": 1]]))
        #expect(!ProjectorRegistry.hasPart(["vision_config": .null, "rope_scaling": ["a": 1]]))
    }
}
