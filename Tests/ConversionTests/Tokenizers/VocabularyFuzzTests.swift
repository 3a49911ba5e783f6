import TestSupport
import Testing

@testable import Conversion
@testable import Formats
@testable import Tokenizers

/// Tokenizers' files with seeded changes: whatever they say, there is a tokenizer or an error, and never a trap.
@Suite(.tags(.fuzz), .series) struct VocabularyFuzzTests {
    private typealias Sample = SampleTokenizer

    /// What stands in the place of a value.
    private static let odd: [JSON] = [
        .null, true, 0, -1, 3, .integer(.max), .integer(.min), .number(1e300), .number(.nan), "", "a", "<s>",
        [], ["a"],
        [[], []], .object([]), ["type": "Sequence"], ["content": "b", "id": 1], [["a", 0]],
    ]

    /// A value with one part changed, taken away or doubled.
    private static func changed(_ json: JSON, _ random: inout SeededGenerator) -> JSON {
        if Int.random(in: 0..<4, using: &random) == 0 { return odd.randomElement(using: &random) ?? .null }
        switch json {
        case .array(var elements) where !elements.isEmpty:
            let place = Int.random(in: elements.indices, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: elements.remove(at: place)
            case 1: elements.append(elements[place])
            default: elements[place] = changed(elements[place], &random)
            }
            return .array(elements)
        case .object(var members) where !members.isEmpty:
            let place = Int.random(in: members.indices, using: &random)
            let member = members[place]
            switch Int.random(in: 0..<8, using: &random) {
            case 0: members.remove(at: place)
            case 1: members.append(member)
            case 2:
                members[place] = JSON.Member(members.randomElement(using: &random)?.key ?? "", member.value)
            default: members[place] = JSON.Member(member.key, changed(member.value, &random))
            }
            return .object(members)
        default: return odd.randomElement(using: &random) ?? .null
        }
    }

    private static func sample() -> Sample {
        var sample = Sample()
        sample.config = [
            "vocab_size": 16, "bos_token_id": 3, "type_vocab_size": 2, "text_config": ["pad_token_id": 1],
        ]
        sample.vocab = [
            "a": 0, "b": 1, "ab": 2, "<s>": 3, "</s>": 4, "<0x41>": 5, "##c": 6, "\u{2581}": 7, "[UNK]": 8,
        ]
        sample.merges = [["a", "b"], ["a ", "b"]]
        sample.added = [
            Sample.token("<s>", 3), Sample.token("x", 9, special: false),
            Sample.token("<|y|>", 10, normalized: true),
        ]
        let start: JSON = ["SpecialToken": ["id": "<s>", "type_id": 0]]
        let end: JSON = ["SpecialToken": ["id": "</s>", "type_id": 0]]
        let (one, two): (JSON, JSON) = (["Sequence": ["id": "A"]], ["Sequence": ["id": "B"]])
        sample.parts = [
            "normalizer": [
                "type": "Sequence", "normalizers": [["type": "BertNormalizer", "lowercase": true]],
            ],
            "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false],
            "decoder": ["type": "Sequence", "decoders": [["type": "ByteLevel"], ["type": "Fuse"]]],
            "post_processor": [
                "type": "Sequence",
                "processors": [
                    ["type": "ByteLevel"],
                    ["type": "RobertaProcessing", "cls": ["<s>", 3], "sep": ["</s>", 4]],
                    [
                        "type": "TemplateProcessing", "single": [start, one, end],
                        "pair": [start, one, end, end, two, end],
                    ],
                ],
            ],
        ]
        sample.settings = [
            "tokenizer_class": "GPT2Tokenizer", "bos_token": "<s>", "eos_token": ["content": "</s>"],
            "add_bos_token": true, "chat_template": [["name": "default", "template": "d"], ["name": "t"]],
            "additional_special_tokens": ["x", ["content": "z"]], "extra_special_tokens": ["image": "<i>"],
            "added_tokens_decoder": ["3": ["content": "<s>", "special": true], "9": ["content": "x"]],
        ]
        return sample
    }

    /// The kinds that can be made of files; an error is an answer too.
    private static func kinds(_ files: ModelDocuments, _ config: JSON) -> [Int] {
        let vocabulary = Vocabulary(files: files, config: config, preTokenizer: "default", sha256: sha256)
        return (0..<9).filter { kind in
            var metadata = ModelMetadata(architecture: "test")
            return (try? add(kind, vocabulary, to: &metadata)) != nil
        }
    }

    private static func add(
        _ kind: Int, _ vocabulary: Vocabulary, to metadata: inout ModelMetadata
    ) throws(ConversionError) {
        switch kind {
        case 0: try vocabulary.addBPE(to: &metadata)
        case 1: try vocabulary.addWordPiece(to: &metadata)
        case 2: try vocabulary.addSentencePiece(to: &metadata)
        case 3: try vocabulary.addPhi3SentencePiece(to: &metadata)
        case 4: try vocabulary.addInternLM2(to: &metadata)
        case 5: try vocabulary.addInternLM3(to: &metadata)
        case 6: try vocabulary.addByteFallbackBPE(to: &metadata)
        case 7: try vocabulary.addUnigram(to: &metadata)
        default: try vocabulary.addTekken(to: &metadata)
        }
    }

    private static var model: [UInt8] {
        var model = Message()
        for (text, type) in [("<unk>", 2), ("<s>", 3), ("</s>", 3), ("a", 1), ("b", 1)] as [(String, UInt64)]
        {
            model.add(1, Message.piece(text, -1, type: type))
        }
        return model.bytes
    }

    @Test(
        arguments: [
            "tokenizer.json", "tokenizer_config.json", "config.json", "added_tokens.json", "tekken.json",
        ] as [RelativePath])
    func answersWhateverAJSONFileSays(path: RelativePath) throws {
        var random = SeededGenerator(seed: 0x5EED_0002)
        var files = Self.sample().all
        files["tokenizer.model"] = Self.model
        files["sentencepiece.bpe.model"] = Self.model
        files["added_tokens.json"] = Array(#"{"<e>": 5, "w": 6}"#.utf8)
        let isTekken = path == "tekken.json"
        if isTekken { files[path] = Array(Self.tekken.compactText.utf8) }
        let config = Sample.json(Self.sample().config)
        // All kinds but InternLM2's, which wants more pieces, can be made of these files.
        #expect(Self.kinds(files, config) == [0, 1, 2, 3, 5, 6, 7] + (isTekken ? [8] : []))
        let whole = try #require(try files.json(path))
        var made = 0
        for _ in 0..<(isTekken ? 50 : 250) {
            var json = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) { json = Self.changed(json, &random) }
            files[path] = Array(json.compactText.utf8)
            made += Self.kinds(files, path == "config.json" ? json : config).count
        }
        #expect(made > 0)
    }

    @Test func answersWhateverBytesAFileHas() {
        var random = SeededGenerator(seed: 0x5EED_0003)
        let whole = Self.sample().all
        let config = Sample.json(Self.sample().config)
        for path in whole.paths {
            for _ in 0..<200 {
                var files = whole
                var bytes = whole[path] ?? []
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    guard let place = bytes.indices.randomElement(using: &random) else { continue }
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes.removeSubrange(place...)
                    case 1: bytes.remove(at: place)
                    default: bytes[place] = .random(in: 0...255, using: &random)
                    }
                }
                files[path] = bytes
                _ = Self.kinds(files, config)
            }
        }
    }

    private static var tekken: JSON {
        let names: [JSON] = ["<unk>", "<s>", "</s>", "<pad>"]
        let special = names.enumerated().map {
            ["rank": .integer($0), "token_str": $1, "is_control": true] as JSON
        }
        // Two tokens behind those of single bytes.
        let bytes = (0..<256).map { [UInt8($0)] } + [[0x61, 0x62], [0x61, 0x62, 0x63]]
        let vocab = bytes.enumerated().map {
            ["rank": .integer($0), "token_bytes": .string(base64($1)), "token_str": .null] as JSON
        }
        return [
            "config": ["default_vocab_size": 262, "default_num_special_tokens": 4, "version": "v7"],
            "special_tokens": .array(special), "vocab": .array(vocab),
        ]
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".unicodeScalars)
        var text = String.UnicodeScalarView()
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let word = (0..<3).reduce(0) { $0 << 8 | ($1 < part.count ? Int(part[start + $1]) : 0) }
            for index in 0..<4 {
                text.append(index <= part.count ? letters[word >> (18 - 6 * index) & 63] : "=")
            }
        }
        return String(text)
    }
}
