import Formats

/// How experts are weighed, which transformers 5 does not save where its class knows one way only. The reference converter
/// then writes nothing of it, and llama.cpp of 2026-11 (`src/models`) has no way of its own for some architectures.
enum ExpertGating {
    /// The keys that state it, the first that is there counting, as `convert_hf_to_gguf.py` looks for them.
    static let keys = [
        "score_function", "scoring_func", "score_func", "moe_router_activation", "moe_router_activation_func",
        "expert_selection_fn",
    ]

    /// What llama.cpp does with a file that states nothing, where it takes one at all: what it does not load,
    /// ``LoaderKeys`` knows.
    private static let effects: [ExactName: String] = [
        "dots1": "llama.cpp stops at the first token", "minimax-m2": "llama.cpp stops at the first token",
    ]

    /// The classes of the architecture deepseek2 that weigh by sigmoid.
    private static let sigmoid = ["DeepseekV3ForCausalLM", "Glm4MoeLiteForCausalLM"]

    /// Looks whether a configuration that has experts states nothing where llama.cpp needs it.
    /// - Parameter config: as it is stored.
    static func check(_ config: JSON, _ architecture: String, _ review: inout ForeignReview) {
        guard let config = try? ModelConfig(config), config.first(keys) == nil,
            config.first(["n_routed_experts", "num_local_experts", "num_experts"])?.isTruthy == true,
            let effect = effects[architecture] ?? softened(config, architecture)
        else { return }
        review.report(
            "scoring_func", .warning,
            "is missing (transformers 5 leaves it out), and \(effect): put \"scoring_func\": \"sigmoid\" back, "
                + "as the published model has it")
    }

    /// What becomes of DeepSeek V3 and GLM 4.7 Flash; of the latter llama.cpp knows the published size.
    private static func softened(_ config: ModelConfig, _ architecture: String) -> String? {
        guard architecture == "deepseek2", sigmoid.containsExactly(config.architecture) else { return nil }
        let blocks = config["num_hidden_layers"]?.wholeNumber ?? 0
        if [47, 48].contains(blocks), config["vocab_size"]?.wholeNumber == 154_880 { return nil }
        return "llama.cpp weighs experts by softmax instead of sigmoid"
    }
}
