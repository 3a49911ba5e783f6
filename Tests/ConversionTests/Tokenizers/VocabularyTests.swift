import Testing

@testable import Conversion
@testable import Formats

@Suite struct VocabularyTests {
    private typealias Sample = SampleTokenizer

    @Test func fillsPlacesWithoutATokenAndTellsKindsApart() throws {
        var sample = Sample()
        sample.added = [
            Sample.token("<s>", 3), Sample.token("<|x|>", 4, special: false),
            Sample.token("\u{2581}word", 5, special: false, normalized: true),
        ]
        let metadata = try sample.bpe()
        #expect(
            metadata.texts("ggml.tokens") == ["a", "b", "ab", "<s>", "<|x|>", " word", "[PAD6]", "[PAD7]"])
        #expect(metadata.types == [1, 1, 1, 3, 3, 4, 5, 5])
    }

    @Test func tellsTextsApartThatLookTheSame() throws {
        var sample = Sample()
        sample.vocab = ["\u{E9}": 0, "e\u{301}": 1, "ab": 2]
        let tokens = try #require(try sample.bpe().texts("ggml.tokens"))
        #expect(tokens[0].utf8.count == 2 && tokens[1].utf8.count == 3)
    }

    @Test func givesAddedTokensTheNextIdsWhateverTheirFilesSay() throws {
        var sample = Sample()
        sample.added = [Sample.token("x", 7), Sample.token("y", 5), Sample.token("b", 6)]
        let metadata = try sample.bpe()
        #expect(metadata.texts("ggml.tokens")?.prefix(5) == ["a", "b", "ab", "x", "y"])
        #expect(metadata.types == [1, 3, 1, 3, 3, 5, 5, 5])
    }

    @Test func addsTheTokensOfTheTokenizersClass() throws {
        var sample = Sample()
        sample.settings = ["tokenizer_class": "LlamaTokenizerFast", "unk_token": .null, "eos_token": "b"]
        let metadata = try sample.bpe()
        #expect(metadata.texts("ggml.tokens")?.prefix(5) == ["a", "b", "ab", "<s>", "[PAD4]"])
        #expect(metadata.types?.prefix(5) == [1, 3, 1, 3, 5])
    }

    @Test func addsTheTokensOfOldFiles() throws {
        var sample = Sample()
        sample.files["special_tokens_map.json"] = Array(
            #"{"eos_token": {"content": "<e>"}, "additional_special_tokens": ["<m>"]}"#.utf8)
        sample.files["added_tokens.json"] = Array(#"{"<e>": 4, "w": 3}"#.utf8)
        let metadata = try sample.bpe()
        #expect(metadata.texts("ggml.tokens")?[3...5] == ["w", "<e>", "<m>"])
        #expect(metadata.types?[3...5] == [4, 3, 3])
    }

    @Test func takesTheFlagsThatComeLastButNotThoseItHad() throws {
        var sample = Sample()
        sample.added = [Sample.token("x", 3), Sample.token("y", 4)]
        sample.settings = [
            "added_tokens_decoder": [
                "3": Sample.token("y", 3, special: false), "4": Sample.token("y", 4),
                "5": Sample.token("x", 5, special: false),
            ], "eos_token": "x",
        ]
        #expect(try sample.bpe().types?[3...4] == [3, 4])
    }

    @Test func readsMergesInEveryForm() throws {
        var sample = Sample()
        sample.merges = [["a", "b"], ["a ", " b"]]
        #expect(try sample.bpe().texts("ggml.merges") == ["a b", "a\u{120} \u{120}b"])
        sample.merges = ["a b", "b a"]
        #expect(try sample.bpe().texts("ggml.merges") == ["a b", "b a"])
        sample.merges = []
        sample.files["merges.txt"] = Array("#version: 0.2\r\na b\n\na b c\nb\u{A0}a\n".utf8)
        #expect(try sample.bpe().texts("ggml.merges") == ["a b", "b a"])
        sample.files["merges.txt"] = Array("a b\nab #c".utf8)
        #expect(try sample.bpe().texts("ggml.merges") == ["a b", "ab #c"])
    }

    @Test func takesTheVocabularysSizeWhereTheConfigurationHasNone() throws {
        var sample = Sample()
        sample.config = [:]
        sample.added = [Sample.token("x", 3), Sample.token("b", 1)]
        #expect(try sample.bpe().texts("ggml.tokens")?.count == 4)
    }

    // MARK: What is wrong

    private func failure(
        _ sample: SampleTokenizer, _ files: ModelDocuments? = nil
    ) -> ConversionError? {
        do throws(ConversionError) {
            _ = try sample.bpe(files)
            return nil
        } catch {
            return error
        }
    }

    @Test func refusesMoreTokensThanTheModelHas() {
        var sample = Sample()
        sample.config["vocab_size"] = 3
        sample.added = [Sample.token("<s>", 3)]
        let error = failure(sample)
        #expect(error?.code.rawValue == "vocabulary-size")
        #expect(error?.message.contains("\"<s>\" with the id 3") == true)
        #expect(error?.message.contains("config.json is 3") == true)
    }

    @Test(arguments: [JSON.integer(0), -1, 1_000_000_000_000, "8", .number(1.5), .integer(.max)])
    func refusesASizeThatCannotBeRight(size: JSON) {
        var sample = Sample()
        sample.config["vocab_size"] = size
        #expect(failure(sample)?.code.rawValue == "vocabulary-size")
    }

    @Test(arguments: [JSON.integer(-1), .integer(1 << 60), .integer(4_194_304), "1", .number(1e30), .null])
    func refusesIdsThatCannotBeRight(id: JSON) {
        var sample = Sample()
        sample.vocab = .object([JSON.Member("a", 0), JSON.Member("far", id)])
        let error = failure(sample)
        #expect(error?.code.rawValue == "tokenizer-broken")
        #expect(error?.message.contains("\"far\"") == true)
    }

    @Test func refusesATokenizerWithoutMerges() {
        for merges in [nil, JSON.array([]), JSON.null] {
            var sample = Sample()
            sample.merges = merges
            let error = failure(sample)
            #expect(error?.code.rawValue == "merges-missing")
            #expect(error?.message.contains("tokenizer.json") == true)
        }
    }

    @Test func refusesMergesThatAreNone() {
        let wrong: [JSON] = [[1], ["a b", ["a", "b"]], [["a"]], [["a", "b", "c"]], [["a", 1]]]
        for merges in wrong {
            var sample = Sample()
            sample.merges = merges
            #expect(failure(sample)?.code.rawValue == "tokenizer-broken")
        }
    }

    @Test func refusesAModelWithoutATokenizer() {
        let error = failure(Sample(), Sample().others)
        #expect(error?.code.rawValue == "tokenizer-missing")
        #expect(error?.message.contains("tokenizer.json") == true)
    }

    @Test func namesTheFileThatAKindNeeds() {
        let vocabulary = Vocabulary(
            files: Sample().all, config: ["vocab_size": 8], preTokenizer: "x", sha256: sha256)
        func message(_ body: (inout ModelMetadata) throws(ConversionError) -> Void) -> String {
            var metadata = ModelMetadata(architecture: "test")
            do throws(ConversionError) { try body(&metadata) } catch { return error.message }
            return ""
        }
        let spm = message { (metadata) throws(ConversionError) in
            try vocabulary.addSentencePiece(to: &metadata)
        }
        let tekken = message { (metadata) throws(ConversionError) in try vocabulary.addTekken(to: &metadata) }
        let unigram = message { (metadata) throws(ConversionError) in
            try vocabulary.addUnigram(to: &metadata)
        }
        #expect(spm.contains("tokenizer.model"))
        #expect(tekken.contains("tekken.json"))
        #expect(unigram.contains("not a Unigram model"))
    }

    @Test func namesTheFileThatIsBroken() {
        for path in [
            "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
        ] as [RelativePath] {
            for text in ["{", "[]", "7", ""] {
                var files = Sample().all
                files[path] = Array(text.utf8)
                let error = failure(Sample(), files)
                #expect(error?.message.contains(path.text) == true, "\(path) \(text)")
            }
        }
    }

    @Test func saysThatAnAddedTokenIsMissing() {
        let vocabulary = Vocabulary(
            files: Sample().all, config: ["vocab_size": 8], preTokenizer: "x", sha256: sha256)
        var metadata = ModelMetadata(architecture: "test")
        let error = #expect(throws: ConversionError.self) {
            try vocabulary.addBPE(to: &metadata, special: [("eot", "<|user|>")])
        }
        #expect(error?.message.contains("<|user|>") == true)
    }
}
