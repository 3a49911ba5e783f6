import Conversion
import Testing

@testable import Formats
@testable import ModelFacts
@testable import Tensors

@Suite struct AdapterFactsTests {
    private func tensors(_ shapes: [(String, [Int])]) -> [CheckpointTensor] {
        shapes.map { CheckpointTensor(name: $0, shape: $1, dtype: .f32) }
    }

    private let start = "base_model.model.model.layers.0.self_attn."

    @Test func theGreatestRankCounts() {
        let config: JSON = ["peft_type": "LORA", "r": 8, "rank_pattern": ["k_proj": 16]]
        #expect(AdapterFacts(config, []).rank == 16)
        #expect(AdapterFacts(config, tensors([(start + "q_proj.lora_A.weight", [64, 32])])).rank == 64)
        #expect(AdapterFacts(["peft_type": "LORA"], []).rank == 8)
        #expect(AdapterFacts(["peft_type": "LOHA", "r": 8], []).rank == nil)
        #expect(AdapterFacts(nil, []) == .none)
    }

    @Test func modulesAreThoseOfTheWeights() {
        let config: JSON = [
            "peft_type": "LORA", "target_modules": "all-linear", "modules_to_save": ["score"],
        ]
        #expect(AdapterFacts(config, []).targets == nil)
        let found = AdapterFacts(
            config,
            tensors([
                (start + "q_proj.lora_A.weight", [8, 4]), (start + "q_proj.lora_B.weight", [4, 8]),
                ("base_model.model.model.embed_tokens.lora_embedding_A", [8, 4]),
                ("base_model.model.lm_head.weight", [4, 4]),
                ("base_model.model.model.norm.base_layer.weight", [4]),
            ]))
        #expect(found.targets == ["embed_tokens", "lm_head", "norm", "q_proj", "score"])
        let listed: JSON = ["peft_type": "LORA", "target_modules": ["v_proj", "q_proj"]]
        #expect(AdapterFacts(listed, []).targets == ["q_proj", "v_proj"])
    }

    @Test(arguments: [false, true])
    func modulesOfOtherBytesAreOthers(hasWeights: Bool) {
        let config: JSON = [
            "peft_type": "LORA", "target_modules": ["caf\u{E9}"], "modules_to_save": ["cafe\u{301}"],
        ]
        let weights = tensors(hasWeights ? [("layers.0.caf\u{E9}.lora_A.weight", [8, 4])] : [])
        let found = AdapterFacts(config, weights).targets ?? []
        #expect(found.map { Array($0.utf8) } == ["cafe\u{301}", "caf\u{E9}"].map { Array($0.utf8) })
    }
}
