import Formats
import Tensors

/// What each key of `adapter_config.json` means for merging an adapter into a model.
package enum LoraKeys {
    /// What is done with a key's value.
    enum Rule: Sendable {
        /// It is honoured, where it is of the kind that PEFT takes.
        case honoured(Kind)
        /// It changes no merged number.
        case ignored
        /// It is ignored where it is a share of what is dropped, or PEFT does not load the adapter.
        case ignoredShare
        /// It is ignored where it is one of PEFT's tasks, or PEFT does not load the adapter.
        case ignoredTask
        /// Only `false` and `null` leave merging as it is.
        case off(String)
        /// Only `null` leaves merging as it is: PEFT does not load an empty list either.
        case null(String)
        /// Only `null` and an empty list leave merging as it is; of an empty object PEFT makes a configuration.
        case none(String)
        /// The start of the training (`init_lora_weights`).
        case start
    }

    /// The kind of a value.
    enum Kind: Sendable {
        /// In this order: `"LORA"`, a whole number above 0, any number, a truth value, which biases are
        /// trained, a list of names or one expression, values by expressions, and numbers of layers.
        case method, count, number, bool, bias, names, patterns, layers
    }

    /// All keys, sorted by their bytes. Those of ``Rule/ignored`` say, in this order: what training was told
    /// (`*_config`, `lora_dropout`, `megatron_core`, `qalora_group_size`), what files are found by
    /// (`base_model_name_or_path`, `revision`, `auto_mapping`), and what the program did (`inference_mode`,
    /// `merge_weights` before PEFT 0.3, `peft_version`, `runtime_config`, `task_type`).
    static let rules: [(key: String, rule: Rule)] = [
        (
            "alora_invocation_tokens",
            .none("makes the adapter begin in the middle of a text, which no merged weight can")
        ),
        ("alpha_pattern", .honoured(.patterns)),
        ("arrow_config", .none("chooses between adapters for each token, which no merged weight can")),
        ("auto_mapping", .ignored),
        ("base_model_name_or_path", .ignored),
        ("bias", .honoured(.bias)),
        ("corda_config", .ignored),
        ("enable_lora", .none("divides a layer as PEFT did before 0.3, and cannot be merged")),
        (
            "ensure_weight_tying",
            .off("ties what is trained to the embedding, and only PEFT can merge that")
        ),
        ("eva_config", .ignored),
        ("exclude_modules", .honoured(.names)),
        ("fan_in_fan_out", .honoured(.bool)),
        ("inference_mode", .ignored),
        ("init_lora_weights", .start),
        ("kasa_config", .none("takes singular values away from the base model's weights")),
        ("layer_replication", .none("makes a model with more layers than the base model has")),
        ("layers_pattern", .honoured(.names)),
        ("layers_to_transform", .honoured(.layers)),
        ("loftq_config", .ignored),
        ("lora_alpha", .honoured(.number)),
        ("lora_bias", .off("adds to biases, too, and only PEFT can merge that")),
        ("lora_dropout", .ignoredShare),
        ("lora_ga_config", .ignored),
        ("megatron_config", .none("is for layers of Megatron, which divide weights in another way")),
        ("megatron_core", .ignored),
        ("merge_weights", .ignored),
        ("modules_to_save", .honoured(.names)),
        ("monteclora_config", .none("draws the weights by chance, and has no one merged weight")),
        ("peft_type", .honoured(.method)),
        ("peft_version", .ignored),
        ("qalora_group_size", .ignored),
        ("r", .honoured(.count)),
        ("rank_pattern", .honoured(.patterns)),
        ("revision", .ignored),
        ("runtime_config", .ignored),
        ("target_modules", .honoured(.names)),
        ("target_parameters", .none("changes parameters that are not layers, and only PEFT can merge that")),
        ("task_type", .ignoredTask),
        ("trainable_token_indices", .null("replaces rows of the embedding, and only PEFT can merge that")),
        ("use_bdlora", .none("has matrices of blocks along the diagonal, and only PEFT can merge that")),
        ("use_dora", .off("scales rows by magnitudes (DoRA), and only PEFT can merge that")),
        ("use_qalora", .off("is for weights in groups of numbers, and cannot be merged into plain ones")),
        ("use_rslora", .honoured(.bool)),
        ("velora_config", .none("is a way of training that is not known to leave merging as it is")),
    ]

    /// The rule of a key; `nil` for one that is not known.
    static func rule(of key: String) -> Rule? {
        rules.first { $0.key.hasSameBytes(as: key) }?.rule
    }

    /// All keys that are known, sorted by their bytes.
    package static var known: [String] { rules.map(\.key) }

    /// The values of `task_type` (PEFT 0.17 to 0.21, `TaskType`).
    fileprivate static let tasks: Set<ExactName> = [
        "SEQ_CLS", "SEQ_2_SEQ_LM", "CAUSAL_LM", "TOKEN_CLS", "QUESTION_ANS", "FEATURE_EXTRACTION",
    ]

    /// Values of `init_lora_weights` that leave the base model as it is and whose `B` or `A` begins as zeros.
    private static let harmlessStarts: Set<ExactName> = ["gaussian", "eva", "mica", "orthogonal"]
    /// Values that begin by taking the adapter's first product away from the base model's weights, so that what was
    /// trained belongs to other weights than the base model's.
    private static let changingStarts = ["pissa", "olora", "corda", "loftq", "lora_ga"]

    fileprivate static func startProblem(_ value: JSON) -> String? {
        switch value {
        case .null, .bool: return nil
        case .string(let text):
            if harmlessStarts.contains(text) { return nil }
            if changingStarts.contains(where: { text.lowercased().utf8.starts(with: $0.utf8) }) {
                return
                    "is \(value.compactText): the adapter belongs to weights that were changed when its training "
                    + "began, and not to the base model's"
            }
            return "is \(value.compactText), which PEFT 0.21.2 does not know"
        default: return "is \(value.compactText), and not true, false or a name"
        }
    }

    /// Whether modules without matrices get random ones: without a start, and with `orthogonal`.
    static func makesRandomMatrices(_ value: JSON?) -> Bool {
        switch value {
        case .null?, .bool(false)?: true
        case .string(let text)?: text.hasSameBytes(as: "orthogonal")
        default: false
        }
    }
}

extension LoraKeys.Rule {
    /// Why a value cannot be honoured; `nil` where it can, or changes nothing.
    func problem(with value: JSON) -> String? {
        let text = value.compactText
        let shown = text.utf8.count > 60 ? "\(text.prefix(57))…" : text
        switch self {
        case .ignored: return nil
        case .ignoredShare:
            return value.double.map { $0 <= 1 } == true ? nil : "is \(shown), and not a number up to 1"
        case .ignoredTask:
            let isKnown = value.string.map { LoraKeys.tasks.contains($0) } ?? (value == .null)
            return isKnown ? nil : "is \(shown), which is no task of PEFT's"
        case .null(let reason): return value == .null ? nil : "is \(shown): it \(reason)"
        case .off(let reason): return value == false || value == .null ? nil : "is \(shown): it \(reason)"
        case .none(let reason): return value.isNothing ? nil : "is \(shown): it \(reason)"
        case .start: return LoraKeys.startProblem(value)
        case .honoured(let kind): return kind.takes(value) ? nil : "is \(shown), and not \(kind.words)"
        }
    }
}

extension LoraKeys.Kind {
    fileprivate func takes(_ value: JSON) -> Bool {
        switch self {
        case .method: value.string.map { $0.hasSameBytes(as: "LORA") } ?? false
        case .count: value.integer.map { $0 > 0 } ?? false
        case .number: value.double.map(\.isFinite) ?? false
        case .bool: value.bool != nil || value == .null
        case .bias: value.string.map { ["none", "all", "lora_only"].contains($0) } ?? false
        case .names: value == .null || value.string != nil || value.strings != nil
        case .patterns: value.members != nil
        case .layers:
            value == .null || value.integer != nil
                || value.array.map { $0.allSatisfy { $0.integer != nil } } ?? false
        }
    }

    fileprivate var words: String {
        switch self {
        case .method: "\"LORA\""
        case .count: "a whole number above 0"
        case .number: "a number"
        case .bool: "true or false"
        case .bias: "\"none\", \"all\" or \"lora_only\""
        case .names: "a list of names"
        case .patterns: "an object"
        case .layers: "a list of layers"
        }
    }
}

extension JSON {
    /// Whether it is `null` or an empty list.
    fileprivate var isNothing: Bool {
        switch self {
        case .null, .array([]): true
        default: false
        }
    }
}
