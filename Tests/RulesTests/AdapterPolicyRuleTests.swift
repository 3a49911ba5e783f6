import Testing

@testable import Formats
@testable import Manifests
@testable import Rules

@Suite struct AdapterPolicyRuleTests {
    private func codes(
        _ policy: String, _ facts: String,
        files: [(path: RelativePath, size: Int)] = [("adapter_config.json", 10)]
    ) throws -> [String] {
        try RuleSample(
            "[policy]\n\(policy)\n" + model(), ["m": RuleSample.Content(facts: facts, files: files)]
        )
        .codes().filter { $0.contains("adapter-") && !$0.contains("adapter-base-missing") }
    }

    @Test(arguments: [
        (#"{"adapter_rank":32}"#, ""), (#"{"adapter_rank":33}"#, "error adapter-rank"),
        (#"{"adapter_base":"org/name"}"#, "error adapter-unknown"), ("{}", "error adapter-unknown"),
    ])
    func aRankAboveTheLimitIsFound(_ item: (facts: String, expected: String)) throws {
        let found = try codes("adapter-max-rank = 32", item.facts)
        #expect(found == (item.expected.isEmpty ? [] : [item.expected]))
    }

    @Test(arguments: [
        ("org/Name", "org/name", true), ("org/name", "hf:org/name", true), ("org/name-2", "org/name", false),
        ("other/org/name", "org/name", false), ("name", "name", true),
        ("/kaggle/input/models/metric/nemo/transformers/default/1", "metric/nemo/transformers/default", true),
        (
            "/kaggle/input/models/metric/nemo/transformers/default/1",
            "kaggle:metric/nemo/transformers/default/1", true
        ),
        ("/kaggle/input/models/metric/nemo/transformers/default/1", "metric/nem", false),
        ("/home/me/name", "name", false), ("/a/org/names", "org/name", false),
    ])
    func theBaseIsOneThatThePolicyNames(_ base: String, _ allowed: String, isAllowed: Bool) throws {
        let facts = JSON.object([.init("adapter_base", .string(base))]).compactText
        let found = try codes("adapter-bases = [\"\(allowed)\"]", facts)
        #expect(found == (isAllowed ? [] : ["error adapter-base-denied"]))
    }

    @Test func modulesThatThePolicyDoesNotNameAreFound() throws {
        let policy = #"adapter-targets = ["q_proj", "v_proj"]"#
        #expect(try codes(policy, #"{"adapter_targets":["q_proj"]}"#) == [])
        #expect(
            try codes(policy, #"{"adapter_targets":["lm_head","q_proj"]}"#) == ["error adapter-target-denied"]
        )
        #expect(try codes(policy, #"{"adapter_rank":8}"#) == ["error adapter-unknown"])
        // A name that String takes for the same one.
        #expect(
            try codes(#"adapter-targets = ["K"]"#, "{\"adapter_targets\":[\"\u{212A}\"]}") == [
                "error adapter-target-denied"
            ])
    }

    @Test func modelsThatAreNoAdaptersAreLeftAlone() throws {
        let policy = "adapter-max-rank = 1\nadapter-bases = [\"a/b\"]\nadapter-targets = [\"q\"]"
        #expect(try codes(policy, "{}", files: [("model.safetensors", 10)]) == [])
    }

    @Test func entriesAllowWhatIsFound() throws {
        let sample = try RuleSample(
            "[policy]\nadapter-max-rank = 4\n" + model("m", "allow = [\"adapter-rank\"]"),
            ["m": RuleSample.Content(facts: #"{"adapter_rank":8}"#)])
        #expect(try sample.codes().contains("note adapter-rank"))
    }

    @Test(arguments: ["0", "-1", "\"8\"", "8.0", "true"])
    func aRankIsAWholeNumberFromOne(text: String) {
        #expect(throws: Diagnostics.self) {
            try RuleSample("[policy]\nadapter-max-rank = \(text)\n" + model())
        }
    }
}
