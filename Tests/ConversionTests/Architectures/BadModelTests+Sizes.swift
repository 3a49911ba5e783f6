import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// Sizes that no model has: what is computed from them neither traps nor takes long.
extension BadModelTests {
    @Test func refusesFewerDenseBlocksThanNone() throws {
        let found = try ArchitectureTests.read("small-hy4")
        let config = try #require(found.json["files"]?["config.json"]).setting("first_k_dense_replace", -1)
        let error = #expect(throws: ConversionError.self) {
            _ = try ArchitecturePlan(found.model(config: config), .f16)
        }
        #expect(error?.code == .configValueWrong)
        #expect(error?.message.containsUTF8("\"first_k_dense_replace\" is -1") == true)
    }

    @Test func refusesHeadsOfSwitchesLongerThanAModelHas() throws {
        let found = try ArchitectureTests.read("small-granite-switch")
        var config = try #require(found.json["files"]?["config.json"])
        for key in ["num_attention_heads", "num_key_value_heads", "head_dim", "projection_head_dim"] {
            config = config.setting(key, .integer(Int(Int32.max)))
        }
        let error = #expect(throws: ConversionError.self) {
            _ = try ArchitecturePlan(found.model(config: config), .f16)
        }
        #expect(error?.code == .configValueWrong)
    }

    /// DeepSeek V4 with more experts than anybody can count.
    @Test(.timeLimit(.minutes(1))) func countsMissingExpertsToAnEnd() throws {
        let found = try ArchitectureTests.read("small-deepseek-v4")
        let config = try #require(found.json["files"]?["config.json"])
            .setting("n_routed_experts", .integer(Int(Int32.max)))
        let error = #expect(throws: ConversionError.self) {
            _ = try ArchitecturePlan(found.model(config: config), .f16)
        }
        #expect(error?.code == .tensorMissing)
        #expect((error?.tensors.count ?? .max) <= 4096)
    }

    @Test func refusesATableOfExpertsThatHasNoWholeNumbers() throws {
        let found = try ArchitectureTests.read("small-deepseek-v4")
        var tensors = try found.model().tensors
        let place = try #require(tensors.firstIndex { $0.name.hasUTF8Suffix(".tid2eid") })
        tensors[place] = CheckpointTensor(
            name: tensors[place].name, shape: tensors[place].shape, dtype: .f32)
        let error = #expect(throws: ConversionError.self) {
            _ = try ArchitecturePlan(found.model(tensors), .f16)
        }
        #expect(error?.code == .quantizationUnknown)
    }

    /// A tower of dots3 with more blocks and experts than it has tensors.
    @Test(.timeLimit(.minutes(1))) func countsMissingExpertsOfATowerToAnEnd() throws {
        let found = try ProjectorTests.read("dots3-note")
        let blocks = 4096
        let config = try #require(found.json["files"]?["config.json"])
        let vision = try #require(config["vision_config"])
            .setting("num_hidden_layers", .integer(blocks))
            .setting("pyramid_num_routed", .array([JSON](repeating: 4096, count: blocks)))
        let error = #expect(throws: ConversionError.self) {
            _ = try ProjectorPlan(found.model(config: config.setting("vision_config", vision)), .f16)
        }
        #expect(error != nil)
        #expect((error?.tensors.count ?? .max) <= 4096)
    }
}

extension JSON {
    /// The object with a member's value.
    fileprivate func setting(_ key: String, _ value: JSON) -> JSON {
        let others = (members ?? []).filter { !$0.key.hasSameBytes(as: key) }
        return .object(others + [JSON.Member(key, value)])
    }
}
