import Testing

@testable import Conversion
@testable import Tensors

@Suite struct QuantizationPlanTests {
    private let llama = ModelTraits(architecture: "llama", blockCount: 8, headCount: 8, keyValueHeadCount: 2)

    @Test func ordersByBlockThenByNamesBytes() throws {
        let names = [
            "blk.10.a.weight", "token_embd.weight", "blk.2.z.weight", "output.weight", "blk.2.B.weight",
            "Z.weight",
            "blk.+1.x", "blk.-3.x", "v.blk.0.x",
        ]
        let plan = try planned("Q8_0", names.map { ($0, [32, 2]) }, of: llama)
        #expect(
            plan.tensors.map(\.source.name) == [
                "blk.-3.x", "Z.weight", "output.weight", "token_embd.weight", "v.blk.0.x", "blk.+1.x",
                "blk.2.B.weight", "blk.2.z.weight", "blk.10.a.weight",
            ])
        #expect(plan.tensors.map { names[$0.sourceIndex] } == plan.tensors.map(\.source.name))
        let kept = try self.plan(names) { $0.keepsOrder = true }
        #expect(kept.tensors.map(\.source.name) == names)
    }

    private func plan(
        _ names: [String], _ change: (inout QuantizationOptions) throws -> Void
    ) throws -> QuantizationPlan {
        try planned("Q4_K_M", names.map { ($0, [256, 2]) }, of: llama, change)
    }

    @Test(arguments: [
        "blk.0.attn_norm.weight", "blk.0.attn_q.bias", "position_embd.weight", "token_types.weight",
        "blk.0.ffn_gate_inp.weight", "blk.0.ssm_conv1d.weight", "blk.0.time_mix_w1.weight",
        "v.patch_embd.weight",
        "v.position_embd.weight", "weights", "blk.0.attn_rel_b.weight", "altup_proj.weight", "rope_freqs",
    ]) func copiesWhatIsNoMatrixOfWeights(name: String) throws {
        #expect(try plan([name]) { _ in }.type(name) == .f32)
    }

    @Test func copiesVectorsWithAllTheirOnes() throws {
        let tensors = [
            ("a.weight", [256]), ("b.weight", [256, 1, 1]), ("c.weight", [256, 1, 2]), ("d.weight", []),
        ]
        let plan = try planned("Q4_0", tensors, of: llama)
        #expect(plan.tensors.map(\.type) == [.f32, .f32, .q40, .f32])
        #expect(plan.tensors.map(\.size) == [1_024, 1_024, 288, 4])
        #expect(plan.tensors.map(\.sourceSize) == [1_024, 1_024, 2_048, 4])
        #expect(plan.tensors.map(\.result.dimensions) == [[256], [256], [256, 1, 2], [1]])
    }

    @Test func copyCopiesAll() throws {
        let plan = try planned(
            "COPY", [("output.weight", [256, 2]), ("blk.0.attn_v.weight", [256, 2])], of: llama)
        #expect(plan.tensors.allSatisfy { !$0.isConverted })
    }

    @Test func anOddShapeGetsAnotherTypeAndSaysWhatItCosts() throws {
        let plan = try planned("Q4_K_S", [("blk.7.attn_q.weight", [288, 10])], of: llama)
        let fallback = try #require(plan.tensors[0].fallback)
        #expect(plan.tensors[0].type == .q50)
        #expect(fallback.wanted == .q4K)
        #expect(fallback.reason == "rows of 288 are no multiples of 256")
        // 2,880 elements of 5.5 bits in place of 4.5.
        #expect(fallback.cost == 1_980 - 1_620)
    }

    @Test(arguments: [
        ("IQ2_M", GGMLType.iq4NL), ("IQ4_XS", .iq4NL), ("Q2_K", .q40), ("TQ1_0", .q40), ("Q2_0", .q40),
        ("Q4_K_M", .q50), ("Q5_K_M", .q51), ("Q6_K", .q80), ("Q8_0", .q80), ("MXFP4_MOE", .q80),
    ]) func everyTypeHasARelativeWithSmallerBlocks(name: String, type: GGMLType) throws {
        // 96 is a multiple of 32 and of none of the larger blocks.
        let tensors = [("blk.5.attn_q.weight", [96, 2])]
        #expect(try planned(name, tensors, of: llama).tensors[0].type == type)
        #expect(try planned(name, [("blk.5.attn_q.weight", [80, 2])], of: llama).tensors[0].type == .f16)
    }

    @Test func aTypeWithoutRelativesIsRefused() {
        let error = #expect(throws: QuantizationError.self) {
            try planned("Q1_0", [("blk.5.attn_q.weight", [96, 2])], of: llama)
        }
        #expect(error?.message.contains("blk.5.attn_q.weight") == true)
    }

    @Test func theOutputOfOddWidthIsReportedToo() throws {
        let plan = try planned("Q4_K_M", [("output.weight", [288, 256])], of: llama)
        #expect(plan.tensors[0].type == .q80)
        #expect(plan.tensors[0].fallback?.wanted == .q6K)
        let unfit = try planned("Q4_K_M", [("output.weight", [80, 256])], of: llama)
        #expect(unfit.tensors[0].type == .f16)
        #expect(unfit.tensors[0].fallback?.wanted == .q6K)
    }

    @Test func tiedEmbeddingsAreTheOutput() throws {
        #expect(try plan(["token_embd.weight"]) { _ in }.type("token_embd.weight") == .q6K)
        #expect(try plan(["token_embd.weight", "output.weight"]) { _ in }.type("token_embd.weight") == .q4K)
        let asked = try plan(["token_embd.weight"]) { $0.outputTensorType = .q5K }
        #expect(asked.type("token_embd.weight") == .q5K)
        let pure = try plan(["token_embd.weight"]) {
            $0.isPure = true
            $0.outputTensorType = .q5K
        }
        #expect(pure.type("token_embd.weight") == .q4K)
    }

    @Test func optionsForBothEndsComeBeforeRules() throws {
        let names = [
            "token_embd.weight", "per_layer_token_embd.weight", "output.weight", "blk.0.attn_q.weight",
        ]
        let plan = try plan(names) {
            $0.tokenEmbeddingType = .q80
            $0.outputTensorType = .f16
            $0.tensorTypes = try [TensorTypeRule("TOKEN_embd|output=q3_k"), TensorTypeRule("embd|attn=Q2_K")]
        }
        #expect(names.map(plan.type) == [.q80, .q3K, .f16, .q2K])
        let plain = try planned("F16", names.map { ($0, [256, 2]) }, of: llama) {
            $0.tokenEmbeddingType = .q80
            $0.tensorTypes = try [TensorTypeRule("attn=Q2_K")]
        }
        #expect(names.map(plain.type) == [.q80, .q80, .f16, .f16])
    }

    @Test func aTensorWithARuleIsNotCounted() throws {
        let values = (0..<8).map { "blk.\($0).attn_v.weight" }
        let all = try planned("Q3_K_M", values.map { ($0, [256, 2]) }, of: llama)
        #expect(all.tensors.map(\.type) == [.q5K, .q5K] + [GGMLType](repeating: .q4K, count: 6))
        let ruled = try planned("Q3_K_M", values.map { ($0, [256, 2]) }, of: llama) {
            $0.tensorTypes = try [TensorTypeRule(#"blk\.0\.=q8_0"#)]
        }
        #expect(ruled.tensors.map(\.type) == [.q80, .q5K, .q5K] + [GGMLType](repeating: .q4K, count: 5))
    }

    @Test func leavesTheOutputWhereAsked() throws {
        let plan = try plan(["output.weight", "token_embd.weight"]) {
            $0.leavesOutputTensor = true
            $0.outputTensorType = .q80
        }
        #expect(plan.type("output.weight") == .f32)
        #expect(plan.type("token_embd.weight") == .q4K)
    }

    @Test func aTypeAskedForHasToFit() {
        #expect(throws: QuantizationError.self) {
            try planned("Q4_K_M", [("output.weight", [288, 2])], of: llama) {
                $0.outputTensorType = .q6K
            }
        }
    }

    @Test(arguments: ["attn_q", "=Q4_0", "attn_q=", "attn_q=Q9", "(=Q4_0", "attn_q=I32"])
    func refusesWrongRules(text: String) {
        #expect(throws: QuantizationError.self) { try TensorTypeRule(text) }
    }

    @Test func patternsAreInLowerCaseAndNamesAsTheyAre() throws {
        #expect(try TensorTypeRule("ATTN_V=q8_0").matches("blk.0.attn_v.weight"))
        #expect(try !TensorTypeRule("ATTN_V=q8_0").matches("blk.0.ATTN_V.weight"))
        #expect(try TensorTypeRule(#"blk\.\D=q8_0"#).matches("blk.0.attn_v.weight"))
    }

    @Test func quantizingAgainHasToBeAllowed() throws {
        let tensors = [("blk.0.attn_q.weight", [256, 2]), ("output_norm.weight", [256])]
        let plan = try planned("Q4_0", tensors, of: llama, from: .q80)
        let error = #expect(throws: QuantizationError.self) { try plan.check() }
        #expect(error?.message.contains("blk.0.attn_q.weight") == true)
        #expect(error?.hint?.contains("--allow-requantize") == true)
        try planned("Q4_0", tensors, of: llama, from: .q80) { $0.allowsRequantizing = true }
            .check()
        try planned("Q8_0", tensors, of: llama, from: .q80).check()
        let integers = try planned("Q4_0", tensors, of: llama, from: .i32)
        #expect(throws: QuantizationError.self) { try integers.check() }
    }

    @Test func oneErrorNamesAllTensorsWithoutTheImportanceTheyNeed() throws {
        let tensors =
            (0..<8).map { ("blk.\($0).ffn_up.weight", [256, 2]) } + [("token_embd.weight", [256, 2])]
        let plan = try planned("IQ2_XXS", tensors, of: llama)
        #expect(plan.problems.count == 1)
        #expect(plan.problems.first?.message.contains("and 3 more") == true)
        #expect(plan.problems.first?.message.contains("none is given") == true)
        let partial = try planned(
            "IQ2_XXS", tensors, of: llama, imatrix: imatrix(of: ["blk.0.ffn_up.weight": 256]))
        #expect(partial.problems.first?.message.contains("and 2 more") == true)
        #expect(partial.tensors.count { $0.importance != nil } == 1)
        let whole = try planned(
            "IQ2_XXS", tensors, of: llama,
            imatrix: imatrix(of: Dictionary(uniqueKeysWithValues: tensors.map { ($0.0, 256) })))
        try whole.check()
    }

    @Test func bothEndsNeedImportanceForThreeTypesOnly() throws {
        let embeddings = [("token_embd.weight", [256, 2])]
        for (name, count) in [("IQ1_S", 1), ("IQ2_XXS", 1), ("IQ2_XS", 1), ("IQ1_M", 0), ("IQ3_XXS", 0)] {
            let plan = try planned(name, embeddings, of: llama) { $0.isPure = true }
            #expect(plan.problems.count == count, "\(name)")
        }
    }

    @Test func onlyQ2KSNeedsImportanceForQ2K() throws {
        let tensors = [("blk.0.attn_q.weight", [256, 2])]
        #expect(try planned("Q2_K", tensors, of: llama).problems.isEmpty)
        #expect(try planned("Q2_K_S", tensors, of: llama).problems.count == 1)
    }

    @Test func anImportanceMatrixOfAnotherModelIsRefused() throws {
        let tensors = [("blk.0.ffn_up_exps.weight", [256, 2, 4]), ("token_embd.weight", [256, 2])]
        func plan(_ counts: [String: Int]) throws -> QuantizationPlan {
            try planned("Q4_0", tensors, of: llama, imatrix: imatrix(of: counts))
        }
        let fitting = try plan(["blk.0.ffn_up_exps.weight": 1_024, "token_embd.weight": 8])
        #expect(fitting.problems.isEmpty)
        #expect(fitting.tensors.map { $0.importance?.valueCount } == [nil, 1_024])
        #expect(try plan(["blk.0.ffn_up_exps.weight": 256]).problems.count == 1)
    }

    @Test func anEmptyMatrixIsNone() throws {
        let down = (0..<8).map { ("blk.\($0).ffn_down.weight", [256, 2]) }
        let matrix = try imatrix(of: ["other": 1])
        let with = try planned("Q4_0", down, of: llama, imatrix: matrix)
        #expect(with.tensors.map(\.type).prefix(2) == [.q41, .q40])
        let without = try planned("Q4_0", down, of: llama, imatrix: matrix.filtered(excluding: ["other"]))
        #expect(without.tensors.allSatisfy { $0.type == .q40 })
    }

    @Test func modelsWithExpertsReadTheBlockFromTheName() throws {
        var traits = llama
        traits.expertCount = 4
        let late = try planned("Q4_K_M", [("blk.7.ffn_down_exps.weight", [256, 2, 4])], of: traits)
        #expect(late.tensors[0].type == .q6K)
        for name in ["ffn_down.weight", "blk.8.ffn_down.weight", "blk.-1.ffn_up.weight"] {
            #expect(throws: QuantizationError.self) { try planned("Q4_K_M", [(name, [256, 2])], of: traits) }
        }
    }

    @Test func eightExpertsGetMoreBitsForAttention() throws {
        var traits = llama
        traits.expertCount = 8
        let names = ["attn_k", "attn_output", "attn_v"].map { "blk.0.\($0).weight" }
        func types(_ type: String) throws -> [GGMLType] {
            let counts = Dictionary(uniqueKeysWithValues: names.map { ($0, 256) })
            return try planned(type, names.map { ($0, [256, 2]) }, of: traits, imatrix: imatrix(of: counts))
                .tensors.map(\.type)
        }
        #expect(try types("Q4_K_M") == [.q80, .q5K, .q80])
        #expect(try types("Q5_K_M") == [.q80, .q5K, .q80])
        #expect(try types("Q4_0") == [.q80, .q40, .q80])
        #expect(try types("IQ2_XXS") == [.q4K, .q5K, .q4K])
    }

    @Test func falconHasRulesOfItsOwn() throws {
        let traits = ModelTraits(architecture: "falcon", blockCount: 32, headCount: 71, keyValueHeadCount: 1)
        let names = (0..<32).map { "blk.\($0).ffn_down.weight" }.sorted { ($0.count, $0) < ($1.count, $1) }
        func types(_ type: String) throws -> [GGMLType] {
            try planned(type, names.map { ($0, [256, 2]) }, of: traits).tensors.map(\.type)
        }
        let medium = try types("Q4_K_M")
        #expect(medium[0...1].allSatisfy { $0 == .q6K })
        #expect(medium[2...3].allSatisfy { $0 == .q5K })
        #expect(medium[4...7] == [.q4K, .q4K, .q5K, .q4K])
        #expect(try types("Q3_K_M")[0...7] == [.q5K, .q5K, .q4K, .q4K, .q3K, .q3K, .q4K, .q3K])
        #expect(try types("Q3_K_L").allSatisfy { $0 == .q4K })
        #expect(try types("Q4_K_S").allSatisfy { $0 == .q4K })
        let ends = [("output.weight", [256, 2]), ("blk.0.attn_output.weight", [256, 2])]
        #expect(try planned("Q3_K_L", ends, of: traits).tensors.map(\.type) == [.q80, .q4K])
    }

    @Test func someArchitecturesKeepWhatOthersQuantize() throws {
        let glm = ModelTraits(architecture: "glm5-next", blockCount: 8, headCount: 8)
        let names = ["blk.0.attn_q_a.weight", "blk.0.attn_k_b.weight", "blk.0.attn_q.weight"]
        #expect(
            try planned("Q4_0", names.map { ($0, [256, 2]) }, of: glm).tensors.map(\.type) == [
                .f32, .q40, .q80,
            ])
        let bailing = ModelTraits(architecture: "bailingmoe3", blockCount: 8, headCount: 8, expertCount: 4)
        let experts = [("blk.0.attn_k_b.weight", [256, 2, 4]), ("blk.0.ffn_up_exps.weight", [256, 2, 4])]
        #expect(try planned("MXFP4_MOE", experts, of: bailing).tensors.map(\.type) == [.q80, .mxfp4])
        #expect(try planned("MXFP4_MOE", experts, of: llama).tensors.map(\.type) == [.mxfp4, .mxfp4])
    }

    @Test func isFastForTheMostTensorsThatAFileMayHave() throws {
        let tensors = (0..<20_000).map { ("blk.\($0 % 100).x\($0).ffn_down.weight", [32, 2]) }
        #expect(try planned("Q8_0", tensors, of: llama).tensors.count == 20_000)
    }
}
