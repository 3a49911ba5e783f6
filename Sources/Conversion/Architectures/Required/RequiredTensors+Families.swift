import Formats
import Tensors

extension ModelArchitecture {
    /// What most families have: blocks of Llama's kind without experts.
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors { .denseLlama }
}

extension Llama {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let count = config.first(["num_local_experts"])?.wholeNumber ?? 0
        guard count > 0 else { return .denseLlama }
        return RequiredTensors(
            RequiredTensors.embeddings, block: RequiredTensors.llama + RequiredTensors.experts)
    }
}

extension Qwen2Moe {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.experts + RequiredTensors.sharedExperts
                + ["ffn_gate_inp_shexp"])
    }
}

extension Qwen3 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.dense + ["attn_q_norm", "attn_k_norm"])
    }
}

extension Qwen3Moe {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.experts + ["attn_q_norm", "attn_k_norm"])
    }
}

extension Gemma2 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.dense + ["post_attention_norm", "post_ffw_norm"])
    }
}

extension Gemma3 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.dense
                + ["attn_q_norm", "attn_k_norm", "post_attention_norm", "post_ffw_norm"])
    }
}

extension Phi2 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "output_norm+", "output+"],
            block: ["attn_norm+", "attn_q", "attn_k", "attn_v", "attn_output+", "ffn_up+", "ffn_down+"])
    }
}

extension Phi3 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm", "attn_qkv", "attn_output", "ffn_norm", "ffn_up", "ffn_down"])
    }
}

extension GPT2 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(["token_embd", "position_embd", "output_norm+"], block: RequiredTensors.biased)
    }
}

extension Olmo {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(["token_embd"], block: RequiredTensors.attention + RequiredTensors.dense)
    }
}

extension Olmo2 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.attention + RequiredTensors.dense
                + ["attn_q_norm", "attn_k_norm", "post_attention_norm", "post_ffw_norm"])
    }
}

extension Starcoder2 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        // Without biases there are none, and llama.cpp does not load it; that is not for the checkpoint to answer for.
        let bias = config["use_bias"]?.isTruthy == false ? "" : "+"
        return RequiredTensors(
            ["token_embd", "output_norm+"],
            block: [
                "attn_norm+", "attn_q\(bias)", "attn_k\(bias)", "attn_v\(bias)", "attn_output\(bias)",
                "ffn_norm+", "ffn_up\(bias)", "ffn_down\(bias)",
            ])
    }
}

extension StableLM {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isParallel = config["use_parallel_residual"]?.isTruthy == true
        return RequiredTensors(
            ["token_embd", "output_norm+"],
            block: ["attn_norm+"] + RequiredTensors.attention + RequiredTensors.dense
                + (isParallel ? [] : ["ffn_norm+"])
                + (config["qk_layernorm"]?.isTruthy == true ? ["attn_q_norm", "attn_k_norm"] : []))
    }
}

extension RequiredTensors {
    /// What BERT and RoBERTa have.
    static let encoder = RequiredTensors(
        ["token_embd", "position_embd", "token_embd_norm+"],
        block: [
            "attn_q+", "attn_k+", "attn_v+", "attn_output+", "attn_output_norm+", "ffn_up+", "ffn_down+",
            "layer_output_norm+",
        ])
}

extension Bert {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let labels = (try? labels(config)) ?? nil
        return .encoder.forClasses(
            config, hasLabels: labels != nil, isDeep: config.architecture.hasUTF8Prefix("Camembert"))
    }
}

extension Roberta {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .encoder.forClasses(config, hasLabels: true, isDeep: true)
    }
}

extension NomicBert {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let step = config.first(["moe_every_n_layers"])?.wholeNumber ?? 0
        let hasTypes = (config.first(["type_vocab_size"])?.wholeNumber ?? 0) > 0
        // Of the two kinds of models the one with experts has biases, and no other is taken.
        let bias = step > 0 ? "+" : ""
        let common = ["attn_qkv\(bias)", "attn_output\(bias)", "attn_output_norm+", "layer_output_norm+"]
        let whole = ["token_embd", "token_embd_norm+"] + (hasTypes ? ["token_types"] : [])
        return RequiredTensors(whole) { block in
            guard step > 0 else { return common + RequiredTensors.dense }
            guard block % step == 1 else { return common + ["ffn_up+", "ffn_down+"] }
            return common + ["ffn_gate_inp", "ffn_up_exps", "ffn_down_exps"]
        }
    }
}

extension DeepSeek2 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let hasShortQueries = (config.first(["q_lora_rank"])?.wholeNumber ?? 0) > 0
        let hasExperts = config.first(["n_routed_experts"]) != nil
        let dense = config.first(["first_k_dense_replace"])?.wholeNumber ?? 0
        let isShared = (config.first(["n_shared_experts"])?.wholeNumber ?? 0) > 0
        // By it experts are chosen without being weighed: of the class of V3 always, of V2's with that method.
        let method = config.raw["topk_method"]?.string
        let isChosen =
            method.map { $0.hasSameBytes(as: "noaux_tc") }
            ?? ["DeepseekV3", "Glm"].contains { config.architecture.hasUTF8Prefix($0) }
        let experts = RequiredTensors.experts + (isChosen ? ["exp_probs_b.bias"] : [])
        let attention =
            [
                "attn_norm", "attn_kv_a_norm", "attn_kv_a_mqa", "attn_k_b", "attn_v_b", "attn_output",
                "ffn_norm",
            ] + (hasShortQueries ? ["attn_q_a", "attn_q_a_norm", "attn_q_b"] : ["attn_q"])
        let last = (try? config.blockCount()) ?? Int.max
        let isIndexed = isIndexed(config)
        let kinds = config.first(["indexer_types"])?.array ?? []
        let index = ["indexer.attn_q_b", "indexer.attn_k", "indexer.k_norm+", "indexer.proj"]
        return RequiredTensors(RequiredTensors.embeddings) { block in
            let isFull = kinds.indices.contains(block) ? kinds[block].isText("full") : kinds.isEmpty
            let attention = attention + (isIndexed && isFull ? index : [])
            guard hasExperts, block >= dense else { return attention + RequiredTensors.dense }
            return attention + experts + (isShared ? RequiredTensors.sharedExperts : [])
                + (block < last ? [] : RequiredTensors.prediction)
        }
    }
}

extension Falcon {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "output_norm+"],
            block: ["attn_norm+", "attn_qkv", "attn_output", "ffn_up", "ffn_down"]
                + (hasTwoNorms(config) ? ["attn_norm_2+"] : []))
    }
}

extension GPTNeoX {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let bias = config["attention_bias"]?.isTruthy == false ? "" : "+"
        return RequiredTensors(
            ["token_embd", "output_norm+"],
            block: [
                "attn_norm+", "attn_qkv\(bias)", "attn_output\(bias)", "ffn_norm+", "ffn_down+", "ffn_up+",
            ])
    }
}

extension Bloom {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(["token_embd", "token_embd_norm+", "output_norm+"], block: RequiredTensors.biased)
    }
}

extension Cohere {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: ["attn_norm"] + RequiredTensors.attention + RequiredTensors.dense
                + (config["use_qk_norm"]?.isTruthy == true ? ["attn_q_norm", "attn_k_norm"] : []))
    }
}

extension GLM4 {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let last = (try? config.blockCount()) ?? Int.max
        return RequiredTensors(RequiredTensors.embeddings) { block in
            RequiredTensors.llama + ["ffn_up", "ffn_down", "post_attention_norm", "post_ffw_norm"]
                + (block < last ? [] : ["nextn.eh_proj", "nextn.enorm", "nextn.hnorm"])
        }
    }
}

extension ChatGLM {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        // The models' own class has queries, keys and values in one matrix; transformers' class has three.
        let isOwn = config.architecture.hasUTF8Prefix("ChatGLM")
        let attention = isOwn ? ["attn_qkv", "attn_output"] : RequiredTensors.attention
        let others = ["attn_norm", "ffn_norm", "ffn_up", "ffn_down"]
        return RequiredTensors(RequiredTensors.embeddings, block: attention + others)
    }
}

extension ErnieMoe {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let first = config.first(["moe_layer_start_index"])?.wholeNumber ?? 0
        let step = max(1, config.first(["moe_layer_interval"])?.wholeNumber ?? 1)
        let end = config.first(["moe_layer_end_index"])?.wholeNumber ?? -1
        let isShared = (config.first(["moe_num_shared_experts"])?.wholeNumber ?? 0) > 0
        let isChosen = config.raw["moe_use_aux_free"]?.isTruthy != false
        let experts = RequiredTensors.experts + (isChosen ? ["exp_probs_b.bias"] : [])
        return RequiredTensors(RequiredTensors.embeddings) { block in
            // The last one counts from behind where it is below 0, of which the class has -1 alone.
            guard block >= first, end < 0 || block <= end, (block &+ 1).isMultiple(of: step) else {
                return RequiredTensors.llama + RequiredTensors.dense
            }
            return RequiredTensors.llama + experts
                + (isShared ? RequiredTensors.sharedExperts : [])
        }
    }
}

extension GptOss {
    package static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: [
                "attn_norm", "post_attention_norm", "attn_q", "attn_k", "attn_v", "attn_output+",
                "attn_sinks",
                "ffn_gate_inp+", "ffn_gate_exps+", "ffn_up_exps+", "ffn_down_exps+",
            ])
    }
}
