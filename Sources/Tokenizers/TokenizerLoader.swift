import Formats

/// What the classes of `transformers` (4.57) make of a tokenizer's files.
struct TokenizerLoader {
    /// The content of `tokenizer_config.json`.
    let settings: JSON
    /// The class's name without `Tokenizer` and what follows: `Llama`, `GPT2`, `PreTrained`.
    let family: String

    /// Finds the class: the one that `tokenizer_config.json` names, else the one in `config.json`, else that
    /// of its `model_type`.
    /// - Parameters:
    ///   - settings: `tokenizer_config.json`.
    ///   - config: `config.json`.
    init(settings: JSON, config: JSON) {
        self.settings = settings
        let named = settings["tokenizer_class"]?.string ?? config["tokenizer_class"]?.string
        if let named {
            family = Self.prefix(of: named)
        } else {
            family = Self.families[config["model_type"]?.string ?? ""] ?? "PreTrained"
        }
    }

    private static func prefix(of name: String) -> String {
        for suffix in ["TokenizerFast", "Tokenizer"] where name.hasUTF8Suffix(suffix) {
            return String(name.dropLast(suffix.count))
        }
        return name
    }

    /// The families of models whose files name no class (`tokenization_auto.py`), where the family matters.
    private static let families: [ExactName: String] = [
        "llama": "Llama", "mistral": "Llama", "mixtral": "Llama", "phi3": "Llama", "persimmon": "Llama",
        "gemma": "Gemma", "gemma2": "Gemma", "gemma3": "Gemma", "gemma3_text": "Gemma", "cohere": "Cohere",
        "cohere2": "Cohere", "gpt_neox": "GPTNeoX", "olmo": "GPTNeoX", "stablelm": "GPTNeoX",
        "mamba": "GPTNeoX",
        "bert": "Bert", "distilbert": "DistilBert", "electra": "Electra", "mobilebert": "MobileBert",
        "roberta": "Roberta", "gpt2": "GPT2", "starcoder2": "GPT2", "granite": "GPT2", "opt": "GPT2",
        "qwen2": "Qwen2", "qwen2_moe": "Qwen2", "qwen3": "Qwen2", "qwen3_moe": "Qwen2", "bloom": "Bloom",
        "phi": "CodeGen", "codegen": "CodeGen", "mpnet": "MPNet", "nomic_bert": "Bert",
    ]

    /// Changes a tokenizer as the class does when it loads it.
    func adjusted(_ tokenizer: JSON) throws(ConversionError) -> JSON {
        guard var members = tokenizer.members else { return tokenizer }
        func change(_ key: String, _ body: (JSON) -> JSON?) {
            guard let place = members.lastIndex(where: { $0.key.hasSameBytes(as: key) }) else { return }
            if let value = body(members[place].value) { members[place] = JSON.Member(key, value) }
        }
        change("pre_tokenizer") { prefixed($0) }
        if Self.lowercasing.contains(family) { change("normalizer") { lowercased($0) } }
        let added = additions(to: members.last { $0.key == "added_tokens" }?.value.array ?? [])
        if !added.isEmpty {
            if members.contains(where: { $0.key == "added_tokens" }) {
                change("added_tokens") { .array(($0.array ?? []) + added) }
            } else {
                members.append(JSON.Member("added_tokens", .array(added)))
            }
        }
        if let ends = Self.ends[family] {
            let list = members.last { $0.key == "added_tokens" }?.value.array ?? []
            let model = members.last { $0.key == "model" }?.value
            let processor = try processor(ends) { token in Self.id(of: token, list, model) }
            members.removeAll { $0.key == "post_processor" }
            members.append(JSON.Member("post_processor", processor))
        }
        return .object(members)
    }

    /// A setting of the class: what the file states, if it names it at all.
    private func flag(_ key: String, default standard: Bool) -> Bool {
        guard let value = settings[key] else { return standard }
        return value.bool ?? false
    }

    /// Every class gives its own `add_prefix_space`, by default false, to a pre-tokenizer that has one.
    private func prefixed(_ splitter: JSON) -> JSON? {
        let wanted = flag("add_prefix_space", default: false)
        if wanted, family == "Bloom" || family == "Cohere" { return Self.prefixedEverywhere(splitter) }
        guard splitter["add_prefix_space"]?.bool != nil else { return nil }
        return Self.setting("add_prefix_space", .bool(wanted), in: splitter)
    }

    private static func prefixedEverywhere(_ value: JSON) -> JSON {
        switch value {
        case .array(let list): .array(list.map { prefixedEverywhere($0) })
        case .object(let members):
            .object(
                members.map {
                    JSON.Member($0.key, $0.key == "add_prefix_space" ? true : prefixedEverywhere($0.value))
                })
        default: value
        }
    }

    private static let lowercasing: Set<ExactName> = [
        "Bert", "DistilBert", "Electra", "MobileBert", "Funnel", "LayoutLM", "ConvBert", "Lxmert",
        "SqueezeBert",
        "MPNet", "Splinter", "LayoutLMv2",
    ]

    private func lowercased(_ normalizer: JSON) -> JSON? {
        guard normalizer["type"]?.string == "BertNormalizer" else { return nil }
        var result = Self.setting("lowercase", .bool(flag("do_lower_case", default: true)), in: normalizer)
        result = Self.setting("strip_accents", settings["strip_accents"] ?? .null, in: result)
        return Self.setting(
            "handle_chinese_chars", .bool(flag("tokenize_chinese_chars", default: true)), in: result)
    }

    private static func setting(_ key: String, _ value: JSON, in object: JSON) -> JSON {
        .object((object.members ?? []).filter { !$0.key.hasSameBytes(as: key) } + [JSON.Member(key, value)])
    }

    /// The tokens of `added_tokens_decoder` that the tokenizer does not have just so.
    private func additions(to present: [JSON]) -> [JSON] {
        guard let members = settings["added_tokens_decoder"]?.members else { return [] }
        func token(_ json: JSON) -> AddedTokenRule? {
            try? AddedTokenRule(TokenizerPart(json, "added_tokens_decoder"))
        }
        let known = present.compactMap { token($0) }
        let listed = members.compactMap { member in Int(member.key).map { ($0, member.value) } }
        return listed.sorted { $0.0 < $1.0 }.map { $0.1 }.filter { json in
            guard let token = token(json) else { return false }
            return !known.contains(token)
        }
    }

    // MARK: - The tokens that begin and end a text

    /// The families that make the post-processor anew, with the class's own values.
    private static let ends: [ExactName: (begin: String, end: String, addsBegin: Bool)] = [
        "Llama": ("<s>", "</s>", true), "CodeLlama": ("<s>", "</s>", true), "Gemma": ("<bos>", "<eos>", true),
        "Cohere": ("<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>", true),
        "GPTNeoX": ("<|endoftext|>", "<|endoftext|>", false),
    ]

    private func processor(
        _ ends: (begin: String, end: String, addsBegin: Bool), _ id: (String) -> Int?
    ) throws(ConversionError) -> JSON {
        var pieces: [JSON] = [["Sequence": ["id": "A", "type_id": 0]]]
        var tokens: [JSON.Member] = []
        func token(_ key: String, _ standard: String) throws(ConversionError) -> JSON {
            let setting = settings[key]
            guard setting != .null,
                let name = setting == nil ? standard : setting?.string ?? setting?["content"]?.string
            else {
                throw ConversionError(
                    .tokenizerConfig, "tokenizer_config.json asks for add_\(key) and names no \(key)")
            }
            guard let id = id(name) else {
                throw ConversionError(
                    .tokenizerConfig, "tokenizer_config.json names the \(key) '\(name)', which is not a token"
                )
            }
            tokens.append(
                JSON.Member(name, ["id": .string(name), "ids": [.integer(id)], "tokens": [.string(name)]]))
            return ["SpecialToken": ["id": .string(name), "type_id": 0]]
        }
        if flag("add_bos_token", default: ends.addsBegin) {
            pieces.insert(try token("bos_token", ends.begin), at: 0)
        }
        if flag("add_eos_token", default: false) { pieces.append(try token("eos_token", ends.end)) }
        return ["type": "TemplateProcessing", "single": .array(pieces), "special_tokens": .object(tokens)]
    }

    private static func id(of token: String, _ added: [JSON], _ model: JSON?) -> Int? {
        func isSame(_ other: String?) -> Bool { other.map { $0.hasSameBytes(as: token) } ?? false }
        if let member = model?["vocab"]?.members?.last(where: { isSame($0.key) }) {
            return member.value.integer
        }
        return added.last { isSame($0["content"]?.string) }?["id"]?.integer
    }
}
