import Formats

/// How experts are weighed, which transformers 5 does not save where its class knows one way only. The reference converter
/// then writes nothing of it, and llama.cpp of 2026-11 (`src/models`) has no way of its own for some architectures.
enum ExpertGating {
    /// The keys that state it, the first that is there counting, as `convert_hf_to_gguf.py` looks for them.
    static let keys = [
        "score_function", "scoring_func", "score_func", "moe_router_activation", "moe_router_activation_func",
        "expert_selection_fn",
    ]

    /// What the published models of an architecture state.
    private struct Published {
        var key = "scoring_func"
        var value = "sigmoid"
        var effect = "llama.cpp does not load the file"
    }

    /// The architectures whose files llama.cpp does not load, or cannot compute with, where nothing is stated.
    private static let needing: [ExactName: Published] = [
        "exaone-moe": Published(), "deepseek32": Published(), "minimax-m3": Published(),
        "deepseek4": Published(value: "sqrtsoftplus"),
        "bailingmoe2": Published(key: "score_function"), "bailingmoe3": Published(key: "score_function"),
        "kimi-linear": Published(key: "moe_router_activation_func"),
        "dots1": Published(effect: "llama.cpp stops at the first token"),
        "minimax-m2": Published(effect: "llama.cpp stops at the first token"),
    ]

    /// The classes of the architecture deepseek2 that weigh by sigmoid, where llama.cpp takes softmax.
    private static let sigmoid = ["DeepseekV3ForCausalLM", "Glm4MoeLiteForCausalLM"]

    /// Looks whether a configuration that has experts states nothing where llama.cpp needs it.
    /// - Parameter config: as it is stored.
    static func check(_ config: JSON, _ architecture: String, _ review: inout ForeignReview) {
        guard let config = try? ModelConfig(config), config.first(keys) == nil,
            config.first(["n_routed_experts", "num_local_experts", "num_experts"])?.isTruthy == true,
            let published = needing[architecture] ?? softened(config, architecture)
        else { return }
        review.report(
            published.key, .warning,
            "is missing (transformers 5 leaves it out), and \(published.effect): put \"\(published.key)\": "
                + "\"\(published.value)\" back, which the published model states")
    }

    /// What DeepSeek V3 and GLM 4.7 Flash lose; of the latter llama.cpp knows the published size.
    private static func softened(_ config: ModelConfig, _ architecture: String) -> Published? {
        guard architecture == "deepseek2", sigmoid.containsExactly(config.architecture) else { return nil }
        let blocks = config["num_hidden_layers"]?.wholeNumber ?? 0
        if [47, 48].contains(blocks), config["vocab_size"]?.wholeNumber == 154_880 { return nil }
        return Published(effect: "llama.cpp weighs experts by softmax")
    }
}
