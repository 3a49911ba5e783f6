import Testing

@testable import ModelFacts

struct AutoClassTests {
    @Test(arguments: [
        ("LlamaForCausalLM", "llama", "AutoModelForCausalLM"),
        ("GPT2LMHeadModel", "gpt2", "AutoModelForCausalLM"),
        ("T5ForConditionalGeneration", "t5", "AutoModelForSeq2SeqLM"),
        ("WhisperForConditionalGeneration", "whisper", "AutoModelForSpeechSeq2Seq"),
        ("Qwen2VLForConditionalGeneration", "qwen2_vl", "Qwen2VLForConditionalGeneration"),
        ("BertModel", "bert", "AutoModel"), ("XForSomething", "x", "AutoModel"),
        ("X(ForCausalLM", "x", "AutoModel"),
    ]) func isTheOneOfTheArchitecture(architecture: String, type: String, expected: String) {
        #expect(AutoClass.name(of: architecture, modelType: type) == expected)
    }

    @Test func namesAreThoseOfTransformers() {
        for name in [
            "AutoModel", "AutoModelForCausalLM", "AutoModelForImageTextToText", "AutoModelForSeq2SeqLM",
        ] {
            #expect(AutoClass.has(name))
        }
        for name in ["", "AutoConfig", "AutoModelFor", "AutoModelForX", "automodel", "AutoModelForCausalLM "]
        {
            #expect(!AutoClass.has(name))
        }
    }
}
