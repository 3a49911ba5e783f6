import Testing

@testable import Formats
@testable import Tokenizers

/// What the classes of transformers make of a tokenizer's files; the ids are those that transformers 4.57.6 gives for
/// files of the same kind.
@Suite struct TokenizerLoaderTests {
    private let vocabulary: JSON = [
        "<s>": 0, "</s>": 1, "a": 2, "b": 3, "\u{120}": 4, "\u{120}a": 5, "ab": 6, "<unk>": 7,
    ]

    private func text(_ json: JSON) -> [UInt8] { Array(json.compactText.utf8) }

    private func files(_ settings: JSON, _ others: [String: String] = [:], tokenizer: JSON? = nil)
        -> ModelDocuments
    {
        var files = ModelDocuments()
        files["tokenizer_config.json"] = text(settings)
        for (name, content) in others { files[RelativePath(checked: name)] = Array(content.utf8) }
        if let tokenizer { files["tokenizer.json"] = text(tokenizer) }
        return files
    }

    private func encode(_ files: ModelDocuments, _ input: String, _ config: JSON = [:]) throws -> [Int] {
        try TokenizerEncoder(files: files, config: config).encode(input)
    }

    private func byteLevel(addsSpace: Bool) -> JSON {
        [
            "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": .bool(addsSpace), "use_regex": true],
            "model": [
                "type": "BPE", "vocab": vocabulary, "merges": ["\u{120} a", ["a", "b"]],
            ],
        ]
    }

    @Test func theConfigurationDecidesOnASpaceInFront() throws {
        let asked = files(
            ["tokenizer_class": "GPT2Tokenizer", "add_prefix_space": true],
            tokenizer: byteLevel(addsSpace: false))
        #expect(try encode(asked, "ab") == [5, 3])
        let silent = files(["tokenizer_class": "GPT2Tokenizer"], tokenizer: byteLevel(addsSpace: true))
        #expect(try encode(silent, "ab") == [6])
    }

    @Test func llamaPutsItsOwnTokensAround() throws {
        let both = files(
            ["tokenizer_class": "LlamaTokenizerFast", "add_eos_token": true],
            tokenizer: byteLevel(addsSpace: false))
        #expect(try encode(both, "ab a") == [0, 6, 5, 1])
        let none = files(
            ["tokenizer_class": "LlamaTokenizer", "add_bos_token": false],
            tokenizer: byteLevel(addsSpace: false))
        #expect(try encode(none, "ab") == [6])
        let byType = files([:], tokenizer: byteLevel(addsSpace: false))
        #expect(try encode(byType, "ab", ["model_type": "mistral"]) == [0, 6])
    }

    @Test func aTokenThatIsNoneIsAnError() {
        let wrong = files(
            ["tokenizer_class": "LlamaTokenizer", "bos_token": "<none>"],
            tokenizer: byteLevel(addsSpace: false))
        #expect(throws: ConversionError.self) { try encode(wrong, "ab") }
    }

    @Test func tokensOfTheConfigurationAreAdded() throws {
        let added: JSON = [
            "8": [
                "content": "b a", "special": false, "normalized": false, "lstrip": false, "rstrip": false,
                "single_word": false,
            ]
        ]
        let files = files(["added_tokens_decoder": added], tokenizer: byteLevel(addsSpace: false))
        #expect(try encode(files, "ab ab") == [2, 8, 3])
    }

    @Test func pairsAndVocabularyMakeTheTokenizerOfTheirClass() throws {
        let merges = "#version: 0.2\n\u{120} a\na b\n"
        let others = ["vocab.json": vocabulary.compactText, "merges.txt": merges]
        #expect(try encode(files(["tokenizer_class": "GPT2Tokenizer"], others), "ab a") == [6, 5])
        #expect(try encode(files([:], others), "ab a", ["model_type": "roberta"]) == [0, 6, 5, 1])
        #expect(try encode(files(["tokenizer_class": "Qwen2Tokenizer"], others), "ab a") == [6, 5])
    }

    @Test func aListOfWordPiecesMakesBERTs() throws {
        let others = ["vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nab\n##c\nAb\ne\n"]
        #expect(
            try encode(files(["tokenizer_class": "BertTokenizer"], others), "Abc É x") == [2, 5, 6, 8, 1, 3])
        let cased = files(["tokenizer_class": "BertTokenizer", "do_lower_case": false], others)
        #expect(try encode(cased, "Abc [MASK]") == [2, 7, 6, 4, 3])
    }

    @Test func namesWhatIsMissing() {
        let error = #expect(throws: ConversionError.self) { try encode(files([:]), "a") }
        #expect(error?.code.rawValue == "tokenizer-missing")
    }
}
