import Formats

extension TokenizerLoader {
    /// The tokenizer of a model without `tokenizer.json`, as `convert_slow_tokenizer.py` of transformers makes it.
    func tokenizer(of files: ModelDocuments) throws(ConversionError) -> JSON {
        if let vocabulary = try files.json("vocab.json"), let merges = files.text("merges.txt") {
            return bytePairs(vocabulary, merges)
        }
        if let vocabulary = files.text("vocab.txt") { return wordPieces(vocabulary) }
        throw ConversionError(
            .tokenizerMissing,
            "there is no tokenizer.json, and neither vocab.json with merges.txt nor vocab.txt",
            fix: "add tokenizer.json to the included files")
    }

    private func bytePairs(_ vocabulary: JSON, _ merges: String) -> JSON {
        // By scalars: a token may begin with one that joins the one before it.
        let pairs: [JSON] = merges.unicodeScalars.split(separator: "\n").compactMap { line in
            if line.starts(with: "#version".unicodeScalars) { return nil }
            let parts = line.split { $0.properties.isWhitespace }
            return parts.count == 2 ? .array(parts.map { .string(String($0)) }) : nil
        }
        let addsSpace = settings["add_prefix_space"]?.bool ?? false
        let level: JSON = ["type": "ByteLevel", "add_prefix_space": .bool(addsSpace), "use_regex": true]
        var tokenizer: [JSON.Member] = [
            JSON.Member("model", ["type": "BPE", "vocab": vocabulary, "merges": .array(pairs)]),
            JSON.Member("decoder", ["type": "ByteLevel"]),
        ]
        switch family {
        case "Qwen2":
            let split: JSON = [
                "type": "Split", "pattern": ["Regex": .string(Self.qwen2)], "behavior": "Isolated",
                "invert": false,
            ]
            let bytes: JSON = ["type": "ByteLevel", "add_prefix_space": .bool(addsSpace), "use_regex": false]
            tokenizer.append(JSON.Member("normalizer", ["type": "NFC"]))
            tokenizer.append(
                JSON.Member("pre_tokenizer", ["type": "Sequence", "pretokenizers": [split, bytes]]))
        case "Roberta":
            tokenizer.append(JSON.Member("pre_tokenizer", level))
            let ends = [token("sep_token", "</s>", vocabulary), token("cls_token", "<s>", vocabulary)]
            tokenizer.append(
                JSON.Member("post_processor", ["type": "RobertaProcessing", "sep": ends[0], "cls": ends[1]]))
        default:
            tokenizer.append(JSON.Member("pre_tokenizer", level))
            if settings["add_bos_token"]?.bool ?? false {
                let begin = token("bos_token", "<|endoftext|>", vocabulary)
                tokenizer.append(JSON.Member("post_processor", Self.template([begin], [])))
            }
        }
        return .object(tokenizer + [JSON.Member("added_tokens", .array(specials(vocabulary)))])
    }

    /// The pattern of Qwen2's tokenizer.
    private static let qwen2 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private func wordPieces(_ text: String) -> JSON {
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        let vocabulary = JSON.object(
            lines.enumerated().map { JSON.Member(String($1), .integer($0)) })
        let ends = (token("cls_token", "[CLS]", vocabulary), token("sep_token", "[SEP]", vocabulary))
        let unknown = name("unk_token", "[UNK]")
        return [
            "normalizer": [
                "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
                "strip_accents": .null,
                "lowercase": true,
            ],
            "pre_tokenizer": ["type": "BertPreTokenizer"],
            "model": [
                "type": "WordPiece", "unk_token": .string(unknown), "continuing_subword_prefix": "##",
                "max_input_chars_per_word": 100, "vocab": vocabulary,
            ],
            "post_processor": Self.template([ends.0], [ends.1]),
            "decoder": ["type": "WordPiece", "prefix": "##", "cleanup": true],
            "added_tokens": .array(specials(vocabulary)),
        ]
    }

    /// The name of a special token.
    private func name(_ key: String, _ standard: String) -> String {
        settings[key]?.string ?? settings[key]?["content"]?.string ?? standard
    }

    /// A special token and its id.
    private func token(_ key: String, _ standard: String, _ vocabulary: JSON) -> JSON {
        let name = name(key, standard)
        return [.string(name), vocabulary[name] ?? 0]
    }

    /// A template with tokens before and behind the text.
    private static func template(_ before: [JSON], _ after: [JSON]) -> JSON {
        func piece(_ token: JSON) -> JSON {
            ["SpecialToken": ["id": token.array?.first ?? "", "type_id": 0]]
        }
        let tokens = (before + after).map { token in
            let name = token.array?.first?.string ?? ""
            return JSON.Member(
                name,
                ["id": .string(name), "ids": .array(Array(token.array?.dropFirst() ?? [])), "tokens": []])
        }
        let text: JSON = ["Sequence": ["id": "A", "type_id": 0]]
        return [
            "type": "TemplateProcessing", "single": .array(before.map(piece) + [text] + after.map(piece)),
            "special_tokens": .object(tokens),
        ]
    }

    /// The special tokens that are in the vocabulary: no text splits them.
    private func specials(_ vocabulary: JSON) -> [JSON] {
        let keys = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"]
        let standards: [ExactName: String] =
            switch family {
            case "Roberta":
                [
                    "bos": "<s>", "eos": "</s>", "unk": "<unk>", "sep": "</s>", "pad": "<pad>", "cls": "<s>",
                    "mask": "<mask>",
                ]
            case "GPT2": ["bos": "<|endoftext|>", "eos": "<|endoftext|>", "unk": "<|endoftext|>"]
            case "Qwen2": ["eos": "<|endoftext|>", "unk": "<|endoftext|>", "pad": "<|endoftext|>"]
            default:
                ["unk": "[UNK]", "sep": "[SEP]", "pad": "[PAD]", "cls": "[CLS]", "mask": "[MASK]"]
            }
        var result: [JSON] = []
        for key in keys {
            let name = name(key + "_token", standards[key] ?? "")
            guard !name.isEmpty, vocabulary[name] != nil,
                !result.contains(where: { $0["content"]?.string?.hasSameBytes(as: name) == true })
            else { continue }
            result.append([
                "content": .string(name), "special": true, "normalized": false, "single_word": false,
                "lstrip": .bool(key == "mask" && family == "Roberta"), "rstrip": false,
            ])
        }
        return result
    }
}
