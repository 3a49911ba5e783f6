import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

/// The tokens of RWKV's own models, which are literals of Python's.
@Suite struct RwkvVocabularyTests {
    private static func metadata(
        _ text: String, count: Int = 300, template: String? = "{{ messages }}"
    ) throws(ConversionError) -> ModelMetadata {
        var sample = SampleTokenizer()
        sample.config = ["vocab_size": .integer(count)]
        sample.files["rwkv_vocab_v20230424.txt"] = Array(text.utf8)
        // One that is empty counts as none, and with it the template.
        sample.settings = ["tokenizer_class": "Rwkv6Tokenizer"]
        if let template { sample.files["chat_template.jinja"] = Array(template.utf8) }
        var metadata = ModelMetadata(architecture: "test")
        let vocabulary = Vocabulary(
            files: sample.others, config: SampleTokenizer.json(sample.config), preTokenizer: nil,
            sha256: sha256)
        try vocabulary.addRwkvWorld(to: &metadata)
        return metadata
    }

    @Test func writesTokensAsPythonShowsTheirBytes() throws {
        let lines = [
            #"1 '\x00' 1"#, "2 ' ' 1", #"3 "it's" 4"#, #"4 'say "it\'s"' 10"#, #"5 b'\xff\\' 2"#, "6 '日' 3",
            #"7 '\n\t' 2"#, "8 ' \u{301}' 3\r",
        ]
        let tokens = try Self.metadata(lines.joined(separator: "\n") + "\n", count: 10).texts("ggml.tokens")
        #expect(
            tokens == [
                "<s>", #"\x00"#, " ", "it's", #"say "it\'s""#, #"\xff\\"#, #"\xe6\x97\xa5"#, #"\n\t"#,
                #" \xcc\x81"#, "[PAD9]",
            ])
    }

    @Test func hasTheTokensThatItsConverterStates() throws {
        let metadata = try Self.metadata("1 'a' 1\n")
        #expect(metadata.id("bos") == 0 && metadata.id("eos") == 0 && metadata.id("eot") == 261)
        #expect(metadata.text("chat_template") == "{{ messages }}")
        #expect(metadata.text("ggml.model") == "rwkv")
    }

    @Test func refusesAModelWithoutATemplate() {
        let error = #expect(throws: ConversionError.self) {
            _ = try Self.metadata("1 'a' 1\n", template: nil)
        }
        #expect(error?.fix?.contains("llama-cpp-rwkv-world.jinja") == true)
    }

    @Test(
        arguments: [
            "1", "1 'a'", "1 'a' 2", "1 a 1", "1 'a 1", "1 ''' 1", #"1 b'\xfg' 1"#, #"1 '\' 1"#,
            #"1 '\x+f' 1"#,
            #"1 '\ud800' 3"#,
            "1 b'日' 3", "1 'a' 99999999999999999999", " ", "1 ' 1",
        ])
    func answersABrokenFile(text: String) {
        #expect(throws: ConversionError.self) { _ = try Self.metadata(text) }
    }

    @Test func refusesMoreTokensThanTheConfigurationStates() {
        #expect(throws: ConversionError.self) { _ = try Self.metadata("1 'a' 1\n2 'b' 1\n", count: 2) }
    }
}
