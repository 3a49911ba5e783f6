import Formats
import Testing

@testable import Conversion

@Suite struct ForeignFilesTests {
    private func documents(_ files: [(RelativePath, String)]) -> ModelDocuments {
        var documents = ModelDocuments()
        for (path, text) in files { documents[path] = Array(text.utf8) }
        return documents
    }

    private func tokenizer(_ path: RelativePath, _ text: String) throws -> [String] {
        try TokenizerKeys.findings(documents([(path, text)])).map { "\($0.weight) \($0.key)" }
    }

    @Test(arguments: [
        (#"{"version": "1.0", "truncation": null, "padding": null, "model": {"type": "BPE"}}"#, ""),
        (#"{"version": "2.0"}"#, "error version"),
        (#"{"model": {"type": "BPE", "dropout": 0.1}}"#, "warning model.dropout"),
        (#"{"model": {"type": "BPE", "end_of_word_suffix": "</w>"}}"#, "error model.end_of_word_suffix"),
        (#"{"model": {"type": "BPE", "end_of_word_suffix": ""}}"#, ""),
        (#"{"model": {"type": "BPE", "magic": 1}}"#, "unknown model.magic"),
        (
            #"{"added_tokens": [{"id": 1, "single_word": true}, {"id": 2, "single_word": true}]}"#,
            "warning added_tokens.….single_word"
        ),
        (#"{"post_processor": {"type": "Mystery"}}"#, "warning post_processor.type"),
        (
            #"{"normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": false}}"#,
            "warning normalizer.strip_accents"
        ),
        (#"{"normalizer": {"type": "BertNormalizer", "lowercase": true, "strip_accents": null}}"#, ""),
        (#"{"templates": 1}"#, "unknown templates"),
    ])
    func everyKeyOfTokenizerJSONIsKnownOrFound(_ item: (text: String, expected: String)) throws {
        #expect(try tokenizer("tokenizer.json", item.text) == (item.expected.isEmpty ? [] : [item.expected]))
    }

    @Test func settingsOfATokenizerAreKnownOrFound() throws {
        #expect(
            try tokenizer("tokenizer_config.json", #"{"split_special_tokens": true}"#) == [
                "warning split_special_tokens"
            ])
        #expect(
            try tokenizer("tokenizer_config.json", #"{"image_token": "<i>", "add_bos_token": true}"#) == [])
        #expect(
            try tokenizer("tokenizer_config.json", #"{"sp_model_kwargs": {"enable_sampling": true}}"#) == [
                "warning sp_model_kwargs.enable_sampling"
            ])
        #expect(
            try tokenizer("tokenizer_config.json", #"{"reverse_text": true}"#) == ["unknown reverse_text"])
        #expect(
            try tokenizer("special_tokens_map.json", #"{"bos_token": "a", "other": 1}"#) == ["unknown other"])
    }

    @Test func modulesThatAGGUFLacksAreFound() throws {
        let found = try SentenceKeys.findings(
            documents([
                (
                    "modules.json",
                    #"""
                    [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
                    {"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}]
                    """#
                ),
                (
                    "1_Pooling/config.json",
                    #"{"word_embedding_dimension": 8, "pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true, "include_prompt": false, "extra": 1}"#
                ),
                ("sentence_bert_config.json", #"{"max_seq_length": 512, "do_lower_case": true}"#),
                (
                    "config_sentence_transformers.json",
                    #"{"prompts": {"query": "q: "}, "default_prompt_name": "query", "similarity_fn_name": "cosine"}"#
                ),
            ]))
        #expect(
            found.map { "\($0.file) \($0.weight) \($0.key)" } == [
                "modules.json warning 2.type", "1_Pooling/config.json warning include_prompt",
                "1_Pooling/config.json unknown extra", "1_Pooling/config.json error pooling_mode_cls_token",
                "sentence_bert_config.json warning do_lower_case",
                "config_sentence_transformers.json note default_prompt_name",
            ])
    }

    @Test func whatAGGUFCannotRecommendIsANote() {
        var review = ForeignReview(file: "generation_config.json")
        review.check(
            ["top_k": 20, "no_repeat_ngram_size": 3, "bad_words_ids": [[1]], "typical_p": 1, "novelty": 1],
            GenerationKeys.table)
        #expect(
            review.findings.map { "\($0.weight) \($0.key)" }
                == ["note no_repeat_ngram_size", "note bad_words_ids", "unknown novelty"])
    }
}
