import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors
@testable import Tokenizers

/// Vocabularies as tiktoken has them.
@Suite struct TiktokenTests {
    private typealias Sample = SampleTokenizer

    /// A file of these tokens, each with its place as rank.
    private static func file(_ tokens: [String]) -> [UInt8] {
        let lines = tokens.enumerated().map { "\(Base64.text(Array($1.utf8))) \($0)\n" }
        return Array(lines.joined().utf8)
    }

    private static func kimi(_ tokens: [String], count: Int, settings: [String: JSON] = [:]) -> Sample {
        var sample = Sample()
        sample.config = ["vocab_size": .integer(count)]
        sample.files["tiktoken.model"] = file(tokens)
        sample.settings = ["tokenizer_class": "TikTokenTokenizer"].merging(settings) { $1 }
        return sample
    }

    private static func metadata(
        _ sample: Sample, pre: String? = "kimi-k2", isLinear: Bool = false
    ) throws(ConversionError) -> ModelMetadata {
        var metadata = ModelMetadata(architecture: "test")
        let vocabulary = Vocabulary(
            files: sample.others, config: Sample.json(sample.config), preTokenizer: pre, sha256: sha256)
        try vocabulary.addKimi(to: &metadata, endsAsStated: isLinear)
        return metadata
    }

    @Test func findsTheMergesOfWhichTokensAreMade() throws {
        // "abcd" is made of "ab" and "cd"; "xyz" of three parts; "cab" of "c" and "ab", which is before "ca".
        let tokens = ["a", "b", "c", "d", "ab", "cd", "abcd", "xyz", "ca", "cab"]
        let metadata = try Self.metadata(Self.kimi(tokens, count: 266))
        #expect(metadata.texts("ggml.merges") == ["a b", "c d", "ab cd", "c a", "c ab"])
    }

    @Test func putsSpecialTokensBehindTheOthers() throws {
        let added: JSON = [
            "3": ["content": "[BOS]"], "4": ["content": "[EOS]"], "6": ["content": "[EOS]"],
            "900": ["content": "x"],
        ]
        let settings: [String: JSON] = ["added_tokens_decoder": added, "eos_token": ["content": "[EOS]"]]
        let metadata = try Self.metadata(
            Self.kimi(["a", "b", "ab"], count: 9, settings: settings), isLinear: true)
        // Of two of one text the last has it.
        #expect(
            metadata.texts("ggml.tokens") == [
                "a", "b", "ab", "[BOS]", "[PAD4]", "<|reserved_token_5|>", "[EOS]", "<|reserved_token_7|>",
                "<|reserved_token_8|>",
            ])
        #expect(metadata.types == [1, 1, 1, 3, 5, 3, 3, 3, 3])
        #expect(metadata.id("eos") == 6)
    }

    @Test func aSpecialTokenTakesItsTextFromAnother() throws {
        let metadata = try Self.metadata(Self.kimi(["a", "<|reserved_token_2|>"], count: 3))
        #expect(metadata.texts("ggml.tokens") == ["a", "[PAD1]", "<|reserved_token_2|>"])
        #expect(metadata.types == [1, 5, 3])
    }

    @Test func refusesWhatIsNotKimis() throws {
        let plain = Self.kimi(["a", "b"], count: 4)
        for pre in ["qwen2", nil] {
            let error = #expect(throws: ConversionError.self) { _ = try Self.metadata(plain, pre: pre) }
            #expect(error?.code == .preTokenizerUnknown)
        }
        let other = Self.kimi(["a", "b"], count: 4, settings: ["tokenizer_class": "QwenTokenizer"])
        let error = #expect(throws: ConversionError.self) { _ = try Self.metadata(other) }
        #expect(error?.message.contains("QwenTokenizer") == true)
        for count in [1, 259] {
            #expect(throws: ConversionError.self) {
                _ = try Self.metadata(Self.kimi(["a", "b"], count: count))
            }
        }
        #expect(throws: ConversionError.self) {
            _ = try Self.metadata(Self.kimi(["a", "b"], count: 4), isLinear: true)
        }
    }

    @Test(
        arguments: [
            "", "\n\n", "YQ==", "YQ== 0 0", "YQ== 1", "YQ== -1", "YQ== x", "??== 0", " 0", "YQ== 0\nYQ== 1",
            "YQ== 0\nYg== 2", "YQ==\t99999999999999999999",
        ])
    func answersABrokenFile(text: String) {
        var sample = Self.kimi(["a"], count: 3)
        sample.files["tiktoken.model"] = Array(text.utf8)
        #expect(throws: ConversionError.self) { _ = try Self.metadata(sample) }
    }

    @Test func answersTokensThatNoModelHas() {
        for tokens in [
            [String(repeating: "a", count: 1025)],
            (0..<2100).map { String(repeating: "a", count: 1015) + "\($0)" },
        ] {
            #expect(throws: ConversionError.self) {
                _ = try Self.metadata(Self.kimi(tokens, count: tokens.count))
            }
        }
    }

    @Test func hunyuansProgramPassesOverATokenThatWasThere() throws {
        var sample = Sample()
        sample.config = ["vocab_size": 213]
        sample.files["hy.tiktoken"] = Self.file(["a", "b", "a", "ab"])
        sample.settings = ["tokenizer_class": "HYTokenizer"]
        var metadata = ModelMetadata(architecture: "test")
        let vocabulary = Vocabulary(
            files: sample.others, config: Sample.json(sample.config), preTokenizer: "hunyuan", sha256: sha256)
        try vocabulary.addHunyuan(to: &metadata)
        #expect(
            metadata.texts("ggml.tokens")?.prefix(6) == [
                "a", "b", "ab", "<|endoftext|>", "<|startoftext|>", "<|bos|>",
            ])
        #expect(metadata.texts("ggml.merges") == ["a b"])
        #expect(metadata.types?.last == 3)
    }
}
