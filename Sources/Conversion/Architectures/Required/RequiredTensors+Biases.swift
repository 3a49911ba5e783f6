import Formats

extension RequiredTensors {
    /// The layers of a block that have a bias by what the configuration states, or by their class, in transformers
    /// 5.23. llama.cpp takes a file without them, and computes something else.
    static func biases(_ config: ModelConfig) -> [String] {
        func isTrue(_ key: String, otherwise standard: Bool = false) -> Bool {
            (config.raw["text_config"]?[key] ?? config.raw[key])?.isTruthy ?? standard
        }
        let projections = ["attn_q", "attn_k", "attn_v"]
        let feedForward = ["ffn_gate", "ffn_up", "ffn_down"]
        let name = config.architecture
        if name.hasUTF8Prefix("Qwen2Moe") {
            return isTrue("qkv_bias", otherwise: true) ? projections : []
        }
        if name.hasUTF8Prefix("Qwen2") || name.hasUTF8Prefix("AudioFlamingo") { return projections }
        // The class of the part for text has them whatever is stated.
        if name.hasUTF8Prefix("Glm4vFor") { return projections }
        if name.hasUTF8Prefix("DotsOCR") { return isTrue("attention_bias") ? projections : [] }
        // By modeling_internlm2.py of the models themselves, whose three projections are one matrix.
        if name.hasUTF8Prefix("InternLM2") {
            return isTrue("bias", otherwise: true) ? projections + ["attn_output"] : []
        }
        if ["PhiModel", "PhiForCausalLM"].contains(name) { return projections }
        if name.hasUTF8Prefix("StableLm") { return isTrue("use_qkv_bias") ? projections : [] }
        if name.hasUTF8Prefix("Glm") || name.hasUTF8Prefix("GptOss") {
            return isTrue("attention_bias", otherwise: name.hasUTF8Prefix("GptOss")) ? projections : []
        }
        // By modeling_chatglm.py of the models themselves; `add_bias_linear` is refused.
        if name.hasUTF8Prefix("ChatGLM") { return isTrue("add_qkv_bias") ? ["attn_qkv"] : [] }
        if name.hasUTF8Prefix("Falcon") {
            return isTrue("bias") ? ["attn_qkv", "attn_output", "ffn_up", "ffn_down"] : []
        }
        if name.hasUTF8Prefix("Ernie4_5") {
            let shared = ["ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp"]
            return isTrue("use_bias") ? projections + ["attn_output"] + feedForward + shared : []
        }
        if name.hasUTF8Prefix("DeepseekV") {
            return isTrue("attention_bias") ? ["attn_q_a", "attn_kv_a_mqa", "attn_output"] : []
        }
        if name.hasUTF8Prefix("SeedOss") {
            return (isTrue("attention_bias", otherwise: true) ? projections : [])
                + (isTrue("attention_out_bias") ? ["attn_output"] : [])
                + (isTrue("mlp_bias") ? feedForward : [])
        }
        // The classes that have such biases where the configuration states so, and have none otherwise.
        let whole = [
            "Llama", "LLaMA", "Granite", "SmolLM3", "IQuestCoder", "Arcee", "Nemotron",
        ]
        let families = whole + ["Qwen3", "Gemma", "Cohere", "Olmo", "MiniCPM", "PhiMoE", "HunYuan"]
        guard families.contains(where: { name.hasUTF8Prefix($0) }) else { return [] }
        let hasFeedForward = whole.contains { name.hasUTF8Prefix($0) }
        return (isTrue("attention_bias") ? projections + ["attn_output"] : [])
            + (hasFeedForward && isTrue("mlp_bias") ? feedForward : [])
    }

    /// The same with what classes and kinds of text need of an encoder.
    /// - Parameter labels: whether the configuration names the classes.
    func forClasses(_ config: ModelConfig, hasLabels: Bool, isDeep: Bool) -> RequiredTensors {
        var whole = whole
        if let kinds = config.first(["type_vocab_size"])?.integer, kinds > 0 { whole.append("token_types") }
        if config.architecture.hasUTF8Suffix("ForSequenceClassification") {
            whole += isDeep ? ["cls+", "cls.output+"] : [hasLabels ? "cls.output+" : "cls+"]
        }
        return RequiredTensors(whole, block: block)
    }
}
