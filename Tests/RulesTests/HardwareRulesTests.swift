import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules
@testable import Storage

@Suite struct HardwareRulesTests {
    private func sample(_ accelerator: String, _ facts: String, _ more: String = "") throws -> RuleSample {
        try RuleSample(
            "[policy]\naccelerator = \"\(accelerator)\"\n" + model("m", more),
            ["m": RuleSample.Content(facts: facts)])
    }

    private func weights(_ dtypes: String, _ more: String = "") -> String {
        "{\"formats\":[\"safetensors\"],\(more)\"weight_bytes\":{\(dtypes)}}"
    }

    // MARK: Types

    @Test(
        arguments: [
            ("t4x2", "BF16", true), ("t4x2", "F16", false), ("t4x2", "F8_E4M3", true),
            ("l4x4", "BF16", false),
            ("l4x4", "F8_E4M3", false), ("a100", "F8_E5M2", true), ("a100", "BF16", false),
            ("h100", "F8_E4M3", false), ("h100", "F4", true), ("rtx-pro-6000", "F4", false),
            ("tpu", "BF16", false), ("tpu", "F8_E4M3", true), ("cpu", "F4", true), ("cpu", "F16", false),
            ("cpu", "F8_E4M3", true),
        ])
    func warnsOfTypesThatTheAcceleratorLacks(_ accelerator: String, _ dtype: String, isFound: Bool) throws {
        let codes = try sample(accelerator, weights("\"\(dtype)\":1000")).codes()
        #expect(codes == (isFound ? ["warning accelerator-dtype"] : []))
    }

    @Test func pointsAtTheEntryAndSaysWhatToDo() throws {
        let finding = try #require(try sample("t4x2", weights("\"BF16\":1000")).findings().first)
        #expect(finding.location == Diagnostic.Location(file: "pack.toml", line: 6, column: 1))
        #expect(finding.message == "m: 1.00 kB of its weights are BF16, and T4 x2 cannot compute with that")
        #expect(finding.fix?.contains("dtype = \"f16\"") == true)
    }

    @Test func leavesWhatIsOnlyConvertedAlone() throws {
        let policy = "[policy]\naccelerator = \"t4x2\"\n"
        let sample = try RuleSample(
            policy + model("m"), ["m": RuleSample.Content(facts: weights("\"BF16\":1000"))])
        let entry = try #require(sample.manifest.entries.first)
        let locked = try #require(sample.lock.entries.first)
        let found = HardwareRules.findings(entry, locked, sample.manifest.policy, isSource: true)
        #expect(found.isEmpty)
    }

    @Test func takesTheEntrysAcceleratorBeforeThePolicys() throws {
        let facts = weights("\"BF16\":1000")
        #expect(try sample("t4x2", facts, "accelerator = \"l4x4\"").codes() == [])
        #expect(try sample("l4x4", facts, "accelerator = \"t4x2\"").codes() == ["warning accelerator-dtype"])
    }

    @Test func saysNothingWithoutAnAccelerator() throws {
        let content = RuleSample.Content(facts: weights("\"F8_E4M3\":900000000000"))
        #expect(try RuleSample(model(), ["m": content]).codes() == [])
    }

    @Test func turnsWhatTheEntryAllowsIntoNotes() throws {
        let found = try sample("t4x2", weights("\"BF16\":1000"), "allow = [\"accelerator-dtype\"]").codes()
        #expect(found == ["note accelerator-dtype"])
    }

    @Test func tellsThatP100IsRetired() throws {
        let found = try sample("p100", weights("\"F16\":1000")).findings()
        #expect(found.map(\.code.rawValue) == ["accelerator-retired"])
        #expect(found.first?.location == Diagnostic.Location(file: "pack.toml", line: 5, column: 1))
    }

    // MARK: Quantization

    @Test(
        arguments: [
            ("awq", "", "t4x2", ""), ("awq", "", "p100", "error"), ("awq", "", "cpu", ""),
            ("awq", "", "tpu", "error"), ("gptq", "", "t4x2", ""), ("gptq", "", "p100", "warning"),
            ("bitsandbytes", "nf4", "p100", ""), ("bitsandbytes", "int8", "p100", "error"),
            ("bitsandbytes", "nf4", "t4x2", ""), ("fp8", "", "t4x2", "warning"),
            ("fp8", "", "a100", "warning"),
            ("fp8", "", "l4x4", ""), ("fp8", "", "h100", ""), ("fp8", "", "p100", "error"),
            ("compressed-tensors", "pack-quantized", "t4x2", ""),
            ("compressed-tensors", "float-quantized", "a100", "warning"),
            ("compressed-tensors", "float-quantized", "rtx-pro-6000", ""),
            ("compressed-tensors", "nvfp4-pack-quantized", "h100", "warning"),
            ("compressed-tensors", "nvfp4-pack-quantized", "rtx-pro-6000", ""),
            ("compressed-tensors", "int-quantized", "tpu", ""),
            ("modelopt", "nvfp4", "rtx-pro-6000", ""), ("modelopt", "nvfp4", "tpu", "error"),
            ("modelopt", "fp8", "h100", ""), ("mxfp4", "", "h100", ""), ("mxfp4", "", "t4x2", "warning"),
            ("mxfp4", "", "p100", "error"), ("exl3", "", "t4x2", "error"), ("exl2", "", "l4x4", ""),
            ("aqlm", "", "t4x2", ""), ("hqq", "", "t4x2", ""), ("torchao", "", "l4x4", ""),
            ("mlx", "", "h100", "warning"), ("gguf", "q4_k", "p100", ""), ("gguf", "q4_k", "tpu", "warning"),
            ("something-new", "", "t4x2", "warning"), ("nvfp4", "", "l4x4", "warning"),
            ("torchao", "float8", "cpu", "warning"), ("metal", "", "h100", "warning"),
        ])
    func knowsWhichMethodsRunWhere(_ method: String, _ format: String, _ accelerator: String, _ level: String)
        throws
    {
        let form = format.isEmpty ? "" : ",\"format\":\"\(format)\""
        let facts = weights(
            "\"F16\":10,\"F8_E4M3\":10", "\"quantization\":{\"method\":\"\(method)\"\(form)},")
        let found = try sample(accelerator, facts).codes().filter { !$0.contains("retired") }
        #expect(found == (level.isEmpty ? [] : ["\(level) accelerator-quantization"]))
    }

    @Test func countsWidenedWeightsWhereNothingComputesInFour() throws {
        // 20.9 G parameters in MXFP4 have 41.8 GB as BF16, more than a machine of 30 GB.
        let facts = weights(
            "\"U8\":12000000000,\"BF16\":1700000000",
            "\"parameters\":20900000000,\"quantization\":{\"bits\":4,\"method\":\"mxfp4\"},")
        let codes = try sample("cpu", facts).codes()
        #expect(codes == ["warning accelerator-quantization", "error accelerator-memory"])
    }

    // MARK: Memory

    @Test(
        arguments: [
            ("t4x2", 15_000_000_000, ""), ("t4x2", 15_600_000_000, "warning accelerator-split"),
            ("t4x2", 31_000_000_000, "warning accelerator-split"),
            ("t4x2", 31_200_000_000, "error accelerator-memory"),
            ("p100", 14_900_000_000, ""), ("p100", 16_000_000_000, "warning accelerator-tight"),
            ("p100", 17_000_000_000, "error accelerator-memory"),
            ("l4x4", 23_000_000_000, ""), ("l4x4", 65_000_000_000, "warning accelerator-split"),
            ("l4x4", 95_000_000_000, "error accelerator-memory"), ("a100", 35_000_000_000, ""),
            ("a100", 42_000_000_000, "warning accelerator-tight"),
            ("a100", 45_000_000_000, "error accelerator-memory"),
            ("h100", 65_000_000_000, ""), ("h100", 86_000_000_000, "error accelerator-memory"),
            ("rtx-pro-6000", 86_000_000_000, ""), ("tpu", 15_000_000_000, ""),
            ("tpu", 120_000_000_000, "warning accelerator-split"),
            ("tpu", 130_000_000_000, "error accelerator-memory"),
            ("cpu", 24_000_000_000, ""), ("cpu", 27_000_000_000, "warning accelerator-tight"),
            ("cpu", 29_000_000_000, "error accelerator-memory"),
        ])
    func holdsWeightsAgainstMemory(_ accelerator: String, _ bytes: Int, _ expected: String) throws {
        let codes = try sample(accelerator, weights("\"F16\":\(bytes)")).codes()
            .filter { !$0.contains("retired") }
        #expect(codes == (expected.isEmpty ? [] : [expected]))
    }

    @Test func saysHowMuchAndWhatWouldFit() throws {
        let facts = weights("\"F16\":65600000000", "\"parameters\":32800000000,")
        let finding = try #require(try sample("t4x2", facts).findings().first)
        #expect(finding.message == "m: its weights have 65.6 GB, and T4 x2 has room for 31.1 GB of weights")
        #expect(
            finding.notes == [
                "2 devices, each of 16.1 GB, of which 15.6 GB are left beside libraries and their workspaces"
            ])
        #expect(finding.fix == "take a quantized model: gguf = \"Q4_K_M\" makes about 19.9 GB of it")
    }

    @Test func knowsThatF32IsLoadedInHalf() throws {
        let codes = try sample("t4x2", weights("\"F32\":40000000000")).codes()
        #expect(codes == ["warning accelerator-memory"])
        #expect(try sample("t4x2", weights("\"F32\":80000000000")).codes() == ["error accelerator-memory"])
    }

    private func gguf(_ files: [(path: RelativePath, size: Int)]) throws -> [String] {
        try RuleSample(
            "[policy]\naccelerator = \"t4x2\"\n" + model(),
            ["m": RuleSample.Content(facts: "{\"formats\":[\"gguf\"]}", files: files)]
        ).codes()
    }

    @Test func choosesAmongGGUFFiles() throws {
        #expect(try gguf([("a-Q4.gguf", 9_000_000_000), ("a-Q8.gguf", 15_000_000_000)]) == [])
        #expect(
            try gguf([("a-Q4.gguf", 9_000_000_000), ("a-BF16.gguf", 60_000_000_000)]) == [
                "warning accelerator-memory"
            ])
        #expect(
            try gguf([
                ("a-00001-of-00002.gguf", 20_000_000_000), ("a-00002-of-00002.gguf", 20_000_000_000),
                ("mmproj-F16.gguf", 1_000_000_000),
            ]) == ["error accelerator-memory"])
    }

    @Test func takesFilesForTheirSizeWhereHeadersTellNothing() throws {
        let codes = try RuleSample(
            "[policy]\naccelerator = \"t4x2\"\n" + model(),
            [
                "m": RuleSample.Content(
                    facts: "{\"formats\":[\"pytorch\"]}",
                    files: [
                        ("optimizer.pt", 90_000_000_000),
                        ("pytorch_model-00001-of-00002.bin", 29_000_000_000),
                        ("pytorch_model-00002-of-00002.bin", 9_000_000_000),
                    ])
            ]
        ).codes()
        #expect(codes == ["error accelerator-memory", "warning accelerator-host-memory"])
    }

    @Test func leavesAdaptersAndOtherEntriesAlone() throws {
        let large = 90_000_000_000
        let sample = try RuleSample(
            "[policy]\naccelerator = \"t4x2\"\n" + model("lora")
                + "[[files]]\nname = \"f\"\nsource = \"path:x\"\n",
            [
                "lora": RuleSample.Content(
                    facts: weights("\"BF16\":\(large)"),
                    files: [("adapter_config.json", 10), ("adapter_model.safetensors", large)]),
                "f": RuleSample.Content(files: [("model.safetensors", large)]),
            ])
        #expect(try sample.codes().filter { $0.contains("accelerator") } == [])
    }

    @Test func onlyNotesThatAllTogetherAreMore() throws {
        let content = RuleSample.Content(facts: weights("\"F16\":12000000000"))
        let sample = try RuleSample(
            "[policy]\naccelerator = \"t4x2\"\n" + model("a") + model("b") + model("c"),
            ["a": content, "b": content, "c": content])
        #expect(try sample.codes() == ["note accelerator-sum"])
    }

    @Test func survivesFactsThatCannotBe() throws {
        let facts = weights(
            "\"F16\":9223372036854775807,\"F32\":9223372036854775807,\"BF16\":-5,\"X\":\"y\"",
            "\"parameters\":9223372036854775807,\"quantization\":{\"method\":\"mxfp4\"},")
        for accelerator in Accelerator.allCases {
            let codes = try sample(accelerator.rawValue, facts).codes()
            #expect(codes.contains("error accelerator-memory"))
        }
    }
}
