import Testing

@testable import Conversion
@testable import Formats
@testable import Tokenizers

@Suite struct SpecialTokensTests {
    private typealias Sample = SampleTokenizer

    private static func special(_ token: String) -> JSON {
        ["SpecialToken": ["id": .string(token), "type_id": 0]]
    }
    private static let (first, second): (JSON, JSON) = (
        ["Sequence": ["id": "A", "type_id": 0]], ["Sequence": ["id": "B", "type_id": 1]]
    )

    private func sample(single: [JSON], pair: [JSON] = []) -> Sample {
        var sample = Sample()
        sample.added = [Sample.token("<s>", 3), Sample.token("</s>", 4), Sample.token("<e>", 5)]
        sample.parts["post_processor"] = [
            "type": "TemplateProcessing", "single": .array(single), "pair": .array(pair),
        ]
        return sample
    }

    @Test func takesIdsFromAddedTokensThenFromTheConfiguration() throws {
        var sample = Sample()
        sample.added = [Sample.token("<s>", 3), Sample.token("<p>", 4)]
        sample.settings = ["bos_token": ["content": "<s>"], "pad_token": "<p>", "eos_token": "not added"]
        sample.config = [
            "vocab_size": 8, "bos_token_id": 0, "eos_token_id": 1, "unk_token_id": [1, 2],
            "sep_token_id": .null,
            "text_config": ["sep_token_id": 2],
        ]
        let metadata = try sample.bpe()
        #expect(metadata.id("bos") == 3 && metadata.id("padding") == 4 && metadata.id("eos") == 1)
        #expect(metadata.id("unknown") == nil && metadata.id("seperator") == 2)
        let ids = metadata.items.map(\.key).filter { $0.hasSuffix("_token_id") }
        #expect(ids == ["bos", "padding", "eos", "seperator"].map { "tokenizer.ggml.\($0)_token_id" })
    }

    @Test func takesTheFilesIdForATokenThatGotAnother() throws {
        var sample = Sample()
        sample.added = [Sample.token("<s>", 7)]
        sample.settings = ["bos_token": "<s>"]
        #expect(try sample.bpe().id("bos") == 7)
    }

    @Test func refusesAnIdBelowZero() {
        var sample = Sample()
        sample.config["eos_token_id"] = -1
        #expect(throws: ConversionError.self) { try sample.bpe() }
    }

    @Test func addsNothingAroundATextOfBytes() throws {
        var sample = Sample()
        sample.parts["post_processor"] = ["type": "ByteLevel"]
        sample.settings = ["add_bos_token": true]
        let metadata = try sample.bpe()
        #expect(metadata.flag("add_bos_token") == false && metadata.flag("add_eos_token") == false)
    }

    @Test func takesTheSettingWhereNoProcessorSaysMore() throws {
        var sample = Sample()
        sample.settings = ["add_bos_token": true, "add_eos_token": "yes", "add_cls_token": true]
        let metadata = try sample.bpe()
        #expect(metadata.flag("add_bos_token") == true && metadata.flag("add_eos_token") == nil)
        #expect(metadata["tokenizer.ggml.add_cls_token"] == nil)
    }

    @Test func readsRobertasProcessor() throws {
        var sample = Sample()
        sample.added = [Sample.token("<s>", 3), Sample.token("</s>", 4)]
        sample.settings = ["bos_token": "<s>"]
        sample.parts["post_processor"] = [
            "type": "RobertaProcessing", "sep": ["</s>", 4], "cls": ["<s>", 3],
        ]
        let metadata = try sample.bpe()
        #expect(["bos", "eos", "sep"].allSatisfy { metadata.flag("add_\($0)_token") == true })
        #expect(metadata.id("seperator") == 4 && metadata.id("eos") == nil)
    }

    @Test func readsATemplate() throws {
        let metadata = try sample(single: [Self.special("<s>"), Self.first]).bpe()
        // Without settings the first token is taken for what begins a text.
        #expect(metadata.flag("add_bos_token") == true && metadata.flag("add_eos_token") == nil)
        var known = sample(single: [Self.special("<s>"), Self.first, Self.special("</s>")])
        known.settings = ["bos_token": "<s>", "eos_token": "</s>"]
        let both = try known.bpe()
        #expect(both.flag("add_bos_token") == true && both.flag("add_eos_token") == true)
        #expect(both.id("bos") == 3 && both.id("eos") == 4)
    }

    @Test func takesAnotherEndForThatOfATurn() throws {
        var known = sample(single: [Self.special("<s>"), Self.first, Self.special("<e>")])
        known.settings = ["bos_token": "<s>", "eos_token": "</s>"]
        let metadata = try known.bpe()
        #expect(metadata.id("eos") == 5 && metadata.id("eot") == 4)
        #expect(metadata.flag("add_eos_token") == true)
    }

    @Test func doesNotAddAFirstTokenThatIsNotTheKnownOne() throws {
        var known = sample(single: [Self.special("<e>"), Self.first])
        known.settings = ["bos_token": "<s>", "cls_token": "</s>"]
        #expect(try known.bpe().flag("add_bos_token") == false)
    }

    @Test func takesTheFirstTokenForOneThatIsNull() throws {
        var known = sample(single: [Self.special("<e>"), Self.first])
        known.settings = ["bos_token": .null, "eos_token": .null, "sep_token": "</s>"]
        let metadata = try known.bpe()
        #expect(metadata.flag("add_bos_token") == true && metadata.id("bos") == 5 && metadata.id("eos") == 4)
    }

    @Test func seesWhetherASeparatorStandsBetweenTwoTexts() throws {
        let (start, end) = (Self.special("<s>"), Self.special("</s>"))
        var known = sample(
            single: [start, Self.first, end],
            pair: [start, Self.first, end, end, Self.second, end])
        known.settings = ["bos_token": "<s>", "eos_token": "</s>"]
        let metadata = try known.bpe()
        #expect(metadata.flag("add_sep_token") == true && metadata.id("seperator") == 4)
        known = sample(
            single: [start, Self.first, end], pair: [start, Self.first, end, Self.second, end])
        known.settings = ["bos_token": "<s>", "eos_token": "</s>"]
        #expect(try known.bpe().flag("add_sep_token") == false)
        known = sample(single: [start, Self.first], pair: [start, Self.first, end, Self.second])
        known.settings = ["bos_token": "<s>", "eos_token": "</s>"]
        #expect(try known.bpe().flag("add_sep_token") == true)
    }

    @Test func readsNormalizers() throws {
        var sample = Sample()
        sample.parts["normalizer"] = [
            "type": "Sequence", "normalizers": [["type": "Lowercase"], ["type": "StripAccents"]],
        ]
        let metadata = try sample.bpe()
        #expect(metadata.flag("normalizer.lowercase") == true)
        #expect(metadata.flag("normalizer.strip_accents") == true)
        sample.parts["normalizer"] = ["type": "BertNormalizer", "lowercase": false, "strip_accents": .null]
        let bert = try sample.bpe()
        #expect(bert.flag("normalizer.lowercase") == false && bert.flag("normalizer.strip_accents") == nil)
    }

    // MARK: Templates

    @Test func takesTheSettingsTemplateBeforeFiles() throws {
        var sample = Sample()
        sample.files["chat_template.jinja"] = Array("file\r\nend".utf8)
        sample.files["chat_template.json"] = Array(#"{"chat_template": "json"}"#.utf8)
        sample.settings = ["chat_template": "settings"]
        #expect(try sample.bpe().text("chat_template") == "settings")
        sample.settings = ["chat_template": .null, "x": 1]
        #expect(try sample.bpe().text("chat_template") == nil)
        sample.settings = ["x": 1]
        #expect(try sample.bpe().text("chat_template") == "file\nend")
        sample.files["chat_template.jinja"] = nil
        #expect(try sample.bpe().text("chat_template") == "json")
    }

    @Test func readsNoTemplateWithoutSettings() throws {
        var sample = Sample()
        sample.settings = nil
        sample.files["chat_template.jinja"] = Array("file".utf8)
        #expect(try sample.bpe().text("chat_template") == nil)
    }

    @Test func namesSeveralTemplates() throws {
        var sample = Sample()
        sample.settings = [
            "chat_template": [
                ["name": "tool use", "template": "t"], ["name": "b", "template": "b"],
                ["name": "default", "template": "d"], ["name": "", "template": "none"], ["name": "c"],
            ]
        ]
        let metadata = try sample.bpe()
        #expect(metadata.texts("chat_templates") == ["b", "tool_use"])
        #expect(metadata.text("chat_template") == "d" && metadata.text("chat_template.tool_use") == "t")
        let keys = metadata.items.map(\.key).suffix(4)
        #expect(
            keys == [
                "tokenizer.chat_template.tool_use", "tokenizer.chat_template.b", "tokenizer.chat_templates",
                "tokenizer.chat_template",
            ])
    }

    @Test func readsADirectoryOfTemplates() throws {
        var sample = Sample()
        sample.settings = ["x": 1]
        sample.files["chat_template.jinja"] = Array("main".utf8)
        for name in ["rag", "a-b", "deep/x"] {
            sample.files[RelativePath(checked: "additional_chat_templates/\(name).jinja")] = Array(name.utf8)
        }
        let metadata = try sample.bpe()
        #expect(metadata.texts("chat_templates") == ["a_b", "rag"])
        #expect(metadata.text("chat_template") == "main" && metadata.text("chat_template.a_b") == "a-b")
    }
}
