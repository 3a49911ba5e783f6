import Formats
import Foundation
import Tensors
import Testing

@testable import Conversion

struct LoraConfigurationTests {
    /// All keys of `LoraConfig` in PEFT 0.17.1, 0.18.0, 0.19.1, 0.20.0, 0.21.0 and 0.21.2, with those of its bases.
    private static let keys = """
        alora_invocation_tokens alpha_pattern arrow_config auto_mapping base_model_name_or_path bias corda_config \
        ensure_weight_tying eva_config exclude_modules fan_in_fan_out inference_mode init_lora_weights kasa_config \
        layer_replication layers_pattern layers_to_transform loftq_config lora_alpha lora_bias lora_dropout \
        lora_ga_config megatron_config megatron_core modules_to_save monteclora_config peft_type peft_version \
        qalora_group_size r rank_pattern revision runtime_config target_modules target_parameters task_type \
        trainable_token_indices use_bdlora use_dora use_qalora use_rslora velora_config
        """.split(separator: " ").map(String.init)

    @Test(arguments: keys) func everyKeyOfPEFTIsKnown(key: String) {
        #expect(LoraKeys.rule(of: key) != nil)
    }

    @Test func thePageHasARowForEveryKey() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let page = try String(
            contentsOf: root.appending(path: "docs/foreign-configuration.md"), encoding: .utf8)
        for key in LoraKeys.known { #expect(page.contains("| `\(key)` |"), "\(key)") }
    }

    @Test func keysAreComparedByBytes() throws {
        // U+212A is a K for String's comparison.
        let json: JSON = ["peft_type": "LORA", "\u{212A}asa_config": .null, "target_modules": ["q"]]
        #expect(try LoraConfiguration(json).problems.map(\.key) == ["\u{212A}asa_config"])
    }

    @Test func aKeyThatIsTwiceInTheDepthIsFoundAtOnce() throws {
        let depth = 60
        let text =
            #"{"peft_type": "LORA", "target_modules": ["q"], "lora_alpha": 1, "task_type": "#
            + String(repeating: "[", count: depth) + #"{"a": 1, "a": 2}"#
            + String(repeating: "]", count: depth) + "}"
        let problems = try LoraConfiguration(try JSON.parse(Array(text.utf8).span)).problems
        // The value is no task either, which is told first.
        #expect(problems.count == 2)
        #expect(problems.first?.reason.hasSuffix(", which is no task of PEFT's") == true)
        #expect(problems.last?.reason == #"has the key "a" twice"#)
    }

    @Test func theFirstPatternThatMatchesDecides() throws {
        let json: JSON = [
            "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"],
            "alpha_pattern": ["layers.0.q_proj": 8, "q_proj": 16],
        ]
        let configuration = try LoraConfiguration(json)
        #expect(configuration.problems.isEmpty)
        #expect(try configuration.scale(of: "model.layers.0.q_proj", rank: 2) == 4)
        #expect(try configuration.scale(of: "model.layers.1.q_proj", rank: 2) == 8)
        #expect(try configuration.scale(of: "model.layers.1.k_proj", rank: 2) == 2)
    }

    @Test(arguments: [
        ("model.layers.1.experts.0.up", Bool?.none), ("model.layers.1.up", true),
        ("model.layers.2.up", false),
    ])
    func aLayerThatVersionsSeeDifferentlyHasNoAnswer(module: String, isTaken: Bool?) throws {
        let targets = LoraTargetModules(["target_modules": ["up"], "layers_to_transform": [1]])
        #expect(try targets.take(module, isEmbedding: false) == isTaken)
    }

    @Test func anotherMethodIsAnError() {
        #expect(throws: ConversionError.self) { try LoraConfiguration(["peft_type": "LOHA"]) }
    }
}
