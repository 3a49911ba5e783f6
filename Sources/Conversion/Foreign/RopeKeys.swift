import Formats

/// What each key of `rope_scaling` and `rope_parameters` means (transformers 4.40 to 5.23, `modeling_rope_utils.py`).
enum RopeKeys {
    /// The keys of all kinds.
    static let table = ForeignTable(
        "rope_scaling, rope_parameters",
        [
            ForeignRow(["rope_type", "type"], .read("the kind, which decides about the others")),
            ForeignRow(["full_attention", "sliding_attention"], .object),
            ForeignRow(
                ["rope_theta"], .read("the base, as rope_theta of config.json"), .number),
            ForeignRow(
                ["partial_rotary_factor"], .read("how much of a head is rotated, as in config.json"),
                .number),
            ForeignRow(["factor"], .read("for linear, yarn and llama3")),
            ForeignRow(["original_max_position_embeddings"], .read("for yarn, longrope and llama3")),
            ForeignRow(
                ["attention_factor", "attn_factor", "beta_fast", "beta_slow", "extrapolation_factor"],
                .read("for yarn")),
            ForeignRow(["short_factor", "long_factor"], .read("for longrope of Phi 3 and MiniCPM")),
            ForeignRow(["low_freq_factor", "high_freq_factor"], .read("for llama3")),
            ForeignRow(["mscale_all_dim"], .read("for yarn of DeepSeek"), .number),
            ForeignRow(
                ["mscale"], .ignored("DeepSeek's is that of mscale_all_dim; others have none that is not 1")),
            ForeignRow(["mrope_section"], .read("the sections of positions")),
            ForeignRow(
                ["truncate"], .ignored("llama.cpp has one way to bound yarn's dimensions")),
            // Ministral 3's default; the lengths that count are original_max_position_embeddings and config.json's.
            ForeignRow(["max_position_embeddings"], .ignored("config.json states it")),
            ForeignRow(["finetuned", "mrope_interleaved"], .ignored("changes no rotation of a text")),
            ForeignRow(["short_mscale", "long_mscale"], .only([], "GGUF has no such factors")),
        ])

    /// The rules that only some families have, by the family's name in GGUF; they come before those of all.
    static let families: KeyValuePairs<String, [ForeignRow]> = [
        "hunyuan-dense": [ForeignRow(["alpha"], .read("the base is multiplied by a power of it"), .number)],
        "hunyuan-moe": [ForeignRow(["alpha"], .read("the base is multiplied by a power of it"), .number)],
        "hunyuan_vl": [
            ForeignRow(["alpha"], .read("by which the base grows"), .number),
            ForeignRow(["xdrope_section"], .read("the sections of positions")),
        ],
        "mistral3": [
            ForeignRow(["llama_4_scaling_beta"], .read("by which queries grow in long texts"), .number)
        ],
        "phimoe": [
            ForeignRow(
                ["short_mscale", "long_mscale"],
                .warned([], "a GGUF has the factor that is computed of the lengths of texts"))
        ],
    ]

    /// All keys of a family.
    private static func table(_ architecture: String) -> ForeignTable {
        guard let own = families.first(where: { $0.key.hasSameBytes(as: architecture) }) else { return table }
        return ForeignTable(table.title, own.value + table.rows)
    }

    /// The kinds that a GGUF of a family has numbers for, in lower case.
    static func kinds(_ architecture: String) -> [String] {
        switch architecture {
        case "llama", "smollm3", "exaone", "exaone4", "llama-embed", "arcee", "mistral3", "afmoe", "llama4",
            "nanbeige", "apertus", "deci", "exaone-moe", "granite_swa",
            "step35":
            ["default", "linear", "yarn", "llama3"]
        case "phi3", "phimoe": ["default", "longrope", "su", "yarn"]
        case "hunyuan-dense", "hunyuan-moe", "hunyuan_vl": ["default", "linear", "yarn", "dynamic", "xdrope"]
        case "nemotron": ["default", "linear"]
        case "gemma4", "gemma4-assistant": ["default", "proportional"]
        case "minicpm", "minicpm3": ["default", "linear", "yarn", "longrope", "su"]
        case "gemma", "gemma2", "phi2", "gpt2", "stablelm", "falcon", "gptneox", "bloom", "command-r",
            "chatglm",
            "nomic-bert", "nomic-bert-moe", "cohere2", "eurobert", "modern-bert", "neo-bert",
            "orion", "starcoder", "codeshell", "refact", "t5", "t5encoder", "openelm", "dbrx", "mpt",
            "deepseek", "cohere2moe", "jais", "grok", "jamba", "plamo",
            "plamo2":
            ["default"]
        default: ["default", "linear", "yarn", "mrope"]
        }
    }

    /// Whether the base that is stated in the parameters has to be llama.cpp's own.
    static func hasFixedBase(_ architecture: String) -> Bool {
        ["gemma", "gemma2", "phi2", "stablelm", "falcon", "gptneox"].contains(architecture)
    }

    /// Whether all of a head is rotated.
    static func rotatesWholeHeads(_ architecture: String) -> Bool {
        ![
            "phi2", "phi3", "stablelm", "gptneox", "glm4", "chatglm", "exaone", "nomic-bert",
            "nomic-bert-moe",
            "phimoe", "cohere2", "glm4moe", "bailingmoe2", "nemotron", "gemma4", "gemma4-assistant", "laguna",
            "glm-dsa", "minimax-m3",
            "spark2_5", "maple", "mimo2", "step35", "kimi-linear", "qwen35", "qwen35moe", "qwen3next",
            "qwen4exp", "granitehybrid",
            "nemotron_h",
            "nemotron_h_moe",
        ]
        .contains(architecture)
    }

    /// Compares rotations with what a GGUF of the family has.
    static func check(_ rope: JSON, _ key: String, _ architecture: String, _ review: inout ForeignReview) {
        guard rope.members != nil else { return }
        let table = table(architecture)
        review.check(rope, table, in: "\(key).")
        let layered = ["full_attention", "sliding_attention"].filter { rope[$0]?.members != nil }
        for layer in layered {
            guard let own = rope[layer] else { continue }
            review.check(own, table, in: "\(key).\(layer).")
            checkKind(own, "\(key).\(layer).", architecture, &review)
        }
        if layered.isEmpty { checkKind(rope, "\(key).", architecture, &review) }
    }

    /// Whether two names of kinds mean the same rotations of a text.
    private static func areOne(_ first: String, _ second: String) -> Bool {
        let pair: Set<ExactName> = [ExactName(first), ExactName(second)]
        return pair == ["su", "longrope"] || pair == ["default", "mrope"]
    }

    /// Keys that have to be numbers, or the converter passes over them, or over the kind.
    private static let numbers = [
        "factor", "original_max_position_embeddings", "low_freq_factor", "high_freq_factor", "beta_fast",
        "beta_slow", "attention_factor", "attn_factor", "extrapolation_factor",
    ]

    private static func checkNumbers(
        _ rope: JSON, _ kind: String, _ place: String, _ architecture: String, _ review: inout ForeignReview
    ) {
        for key in numbers {
            guard let value = rope[key], value != .null, value.double == nil else { continue }
            review.report(place + key, .error, "is \(ForeignReview.shown(value)), and not a number")
        }
        let isStated = rope["factor"].map { $0 != .null } ?? false
        guard !isStated, ["linear", "yarn", "llama3"].contains(kind), kinds(architecture).contains(kind)
        else {
            return
        }
        review.report(
            place + "factor", .warning,
            kind == "llama3"
                ? "is not there: transformers does not load the model, and the converter takes 8"
                : "is not there: transformers does not load the model, and the converter leaves its \(kind) "
                    + "rotations out")
    }

    private static func checkKind(
        _ rope: JSON, _ place: String, _ architecture: String, _ review: inout ForeignReview
    ) {
        let name = rope["rope_type"] != nil ? "rope_type" : "type"
        let kind = rope[name]?.string?.lowercased() ?? "default"
        if let stated = rope[name], stated != .null, stated.string.map({ kind.hasSameBytes(as: $0) }) != true
        {
            review.report(
                place + name, .error, "is \(ForeignReview.shown(stated)), which is no kind of rotation")
        }
        if let own = rope["rope_type"]?.string, let other = rope["type"]?.string,
            !own.hasSameBytes(as: other), !areOne(own, other)
        {
            review.report(
                place + "type", .warning,
                "is \"\(other)\", and rope_type is \"\(own)\": transformers takes that")
        }
        if !kinds(architecture).containsExactly(kind) {
            let isHarmless = kind == "linear" && rope["factor"]?.double == 1
            if kind == "dynamic" {
                review.report(
                    place + name, .note,
                    "is \"dynamic\": llama.cpp does not change rotations as texts become longer")
            } else if !isHarmless {
                // The converter writes this kind's name for all families, and its factors for two.
                let isNamed = kind == "longrope" || kind == "su"
                review.report(
                    place + name, isNamed ? .warning : .error,
                    "is \(ForeignReview.shown(rope[name] ?? .null)): GGUF has no such rotations for this family"
                )
            }
        }
        checkNumbers(rope, kind, place, architecture, &review)
        if hasFixedBase(architecture), let base = rope["rope_theta"], !ForeignReview.isOne(base, of: [10000])
        {
            review.report(
                place + "rope_theta", .error,
                "is \(ForeignReview.shown(base)): the converter writes no base for this family, and llama.cpp takes 10000"
            )
        }
        if rotatesWholeHeads(architecture), let share = rope["partial_rotary_factor"],
            !ForeignReview.isOne(share, of: [1])
        {
            review.report(
                place + "partial_rotary_factor", .error,
                "is \(ForeignReview.shown(share)): llama.cpp rotates all of a head for this family")
        }
    }
}
