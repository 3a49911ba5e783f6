import Testing

@testable import Formats
@testable import ModelFacts

struct LoadClassTests {
    private func stated(_ config: JSON?, sentences: JSON? = nil, hasModules: Bool = false) -> String? {
        LoadClass.stated(config: config, sentences: sentences, hasModules: hasModules)
    }

    private func own(_ architecture: String?, _ classes: [(String, String)]) -> JSON {
        var members = [JSON.Member("auto_map", .object(classes.map { JSON.Member($0.0, .string($0.1)) }))]
        if let architecture { members.append(JSON.Member("architectures", [.string(architecture)])) }
        return .object(members)
    }

    @Test func aClassOfAutoMapCountsWhereTheArchitectureShowsAnother() {
        let causal = ("AutoModelForCausalLM", "mine.M")
        #expect(stated(own("MyModel", [("AutoConfig", "mine.C"), causal])) == "AutoModelForCausalLM")
        #expect(stated(own("MForCausalLM", [("AutoModel", "mine.MForCausalLM")])) == "AutoModel")
        #expect(stated(own("MForConditionalGeneration", [causal])) == "AutoModelForCausalLM")
        #expect(stated(own(nil, [("AutoModelForSeq2SeqLM", "org/x--mine.M")])) == "AutoModelForSeq2SeqLM")
        #expect(
            stated(
                own(
                    "MChatForTask",
                    [("AutoModelForMaskedLM", "m.Other"), ("AutoModelForCTC", "m.MChatForTask")]))
                == "AutoModelForCTC")
        #expect(
            stated(own("MForTask", [("AutoModelForMaskedLM", "m.Other"), causal]))
                == "AutoModelForCausalLM")
    }

    @Test func whatTheArchitectureShowsIsNotStatedAgain() {
        #expect(
            stated(own("MForCausalLM", [("AutoModel", "m.X"), ("AutoModelForCausalLM", "m.MForCausalLM")]))
                == nil)
        #expect(stated(own("MModel", [("AutoModel", "m.MModel"), ("AutoModelForCausalLM", "m.M")])) == nil)
        #expect(stated(own("MModel", [("AutoConfig", "m.C"), ("AutoTokenizer", "m.T")])) == nil)
        // No class that transformers has, and none that an import in a notebook could name.
        #expect(stated(own("MModel", [("AutoModelForX(", "m.M"), ("AutoModelForVision2Seq", "m.M")])) == nil)
        #expect(stated(["architectures": ["BertModel"]]) == nil)
        #expect(stated(nil) == nil)
    }

    @Test(arguments: [
        ("SparseEncoder", "SparseEncoder"), ("CrossEncoder", "CrossEncoder"),
        ("ColBERT", "MultiVectorEncoder"),
        ("MultiVectorEncoder", "MultiVectorEncoder"), ("SentenceTransformer", nil), ("x(", nil),
    ]) func aTypeOfSentenceTransformersCounts(type: String, expected: String?) {
        #expect(stated(nil, sentences: ["model_type": .string(type)], hasModules: true) == expected)
    }

    @Test func aCrossEncoderIsKnownByWhatItsLibraryWrote() {
        let new: JSON = ["sentence_transformers": ["activation_fn": "torch.nn.modules.linear.Identity"]]
        let version: JSON = ["sentence_transformers": ["version": "4.0.1"]]
        let old: JSON = ["sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"]
        for config in [new, version, old] {
            #expect(stated(config) == "CrossEncoder")
            // With modules and no type it is an embedder, whatever it was made from.
            #expect(stated(config, hasModules: true) == nil)
        }
        #expect(stated(["sentence_transformers": [:], "sbert_ce_default_activation_function": .null]) == nil)
    }

    @Test func theFactIsAbsentForAModelThatItsArchitectureShows() async throws {
        let config = text(#"{"model_type":"bert","architectures":["BertForMaskedLM"]}"#)
        let plain = try await facts([("config.json", config)])
        #expect(!plain.lockFields().contains { $0.key == LoadClass.fact })
        let sparse = try await facts([
            ("config.json", config),
            ("config_sentence_transformers.json", text(#"{"model_type":"SparseEncoder"}"#)),
        ])
        #expect(sparse.lockFields().first { $0.key == LoadClass.fact }?.value.string == "SparseEncoder")
    }
}
