import Formats
import Glibc
import Tensors

/// xAI's Grok 1 and 2.
struct Grok: ModelArchitecture {
    static let classes = ["GrokForCausalLM", "Grok1ForCausalLM"]
    /// Grok 2 states a kind of model that transformers has for another one.
    static let modelTypes = ["git"]

    let name = "grok"
    private let model: HuggingFaceModel
    private let config: ModelConfig
    private let isGrok2: Bool
    private let last: String?
    private var experts: ExpertStacks
    /// Stacks that are whole, which are written before the next tensor that is none of an expert.
    private var whole: [ConvertedTensor] = []

    /// As Grok 2 is published, and as Grok 1 was put into the form of Hugging Face.
    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let count = config.first(["num_local_experts"])?.wholeNumber
        return [
            TensorNames(second).storingExperts(
                "model.layers.*.block_sparse_moe.experts", count: count,
                [(".w1", "ffn_gate_exps"), (".w2", "ffn_down_exps"), (".w3", "ffn_up_exps")]),
            TensorNames(first).storingExperts(
                "transformer.decoder_layer.*.moe", count: count,
                [(".linear", "ffn_gate_exps"), (".linear_1", "ffn_down_exps"), (".linear_v", "ffn_up_exps")]),
        ]
    }

    private static let second: [ExactName: String] = {
        var names: [ExactName: String] = [
            "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
        ]
        for (name, inGGUF) in [
            "pre_attn_norm": "attn_norm", "post_attn_norm": "attn_output_norm", "pre_moe_norm": "ffn_norm",
            "post_moe_norm": "post_ffw_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
            "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate",
            "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "block_sparse_moe.gate": "ffn_gate_inp",
            "block_sparse_moe.experts.w1": "ffn_gate_exps", "block_sparse_moe.experts.w2": "ffn_down_exps",
            "block_sparse_moe.experts.w3": "ffn_up_exps",
        ] { names["model.layers.*.\(name)"] = "blk.*.\(inGGUF)" }
        return names
    }()
    private static let first: [ExactName: String] = {
        var names: [ExactName: String] = [
            "transformer.in_out_embed": "token_embd", "transformer.rms_norm": "output_norm",
            "lm_head": "output",
        ]
        for (name, inGGUF) in [
            "rms_norm": "attn_norm", "rms_norm_1": "attn_output_norm", "rms_norm_2": "ffn_norm",
            "rms_norm_3": "layer_output_norm", "multi_head_attention.query": "attn_q",
            "multi_head_attention.key": "attn_k", "multi_head_attention.value": "attn_v",
            "multi_head_attention.linear": "attn_output", "router": "ffn_gate_inp",
            "moe.linear": "ffn_gate_exps", "moe.linear_1": "ffn_down_exps", "moe.linear_v": "ffn_up_exps",
        ] { names["transformer.decoder_layer.*.\(name)"] = "blk.*.\(inGGUF)" }
        return names
    }()
    private static let names = TensorNames(first).adding(second)

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let isSecond = config["residual_moe"]?.isTruthy == true
        return RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + ["attn_output_norm"] + RequiredTensors.experts
                + (isSecond ? RequiredTensors.dense + ["post_ffw_norm"] : ["layer_output_norm"]))
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) {
        self.model = model
        config = model.config
        isGrok2 = model.tensors.contains { $0.name.hasUTF8Prefix("model.layers.") }
        experts = ExpertStacks(
            count: try config.size("num_local_experts"),
            parts: isGrok2 ? ["w1", "w2", "w3"] : ["linear", "linear_1", "linear_v"],
            path: isGrok2 ? "block_sparse_moe.experts" : "moe")
        last = model.tensors.last?.name
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if let stacks = try experts.add(name, value) {
            for stack in stacks {
                whole.append(try Self.names.renamed(stack.name, stack.value, self.name))
            }
            // Behind the last tensor there is none to wait for.
            return last.map { name.hasSameBytes(as: $0) } == true ? takeStacks() : []
        }
        return takeStacks() + [try Self.names.renamed(name, value, self.name)]
    }

    /// The stacks that are whole, by the number of their blocks.
    private mutating func takeStacks() -> [ConvertedTensor] {
        let stacks = whole.enumerated().sorted { first, second in
            let blocks = [first, second].map { TensorNames.block(of: $0.element.name) ?? 0 }
            return blocks[0] == blocks[1] ? first.offset < second.offset : blocks[0] < blocks[1]
        }.map(\.element)
        whole = []
        return stacks
    }

    func finish() throws(ConversionError) { try experts.finish() }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        for (key, own) in [
            ("attn_logit_softcapping", "attn_logit_softcapping"),
            ("router_logit_softcapping", "router_logit_softcapping"),
        ] {
            let cap = config[own] == nil ? 30 : try config.number(own)
            metadata.set(key, .float32(Float(cap)))
        }
        if let cap = try config.numberIfPresent("final_logit_softcapping"), cap != 0 {
            metadata.set("final_logit_softcapping", .float32(Float(cap)))
        }
        try metadata.addCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        // The second name seems to have been a mistake for the first.
        if let kind = config["rope_type"]?.string, ["yarn", "original"].contains(kind) {
            try addYarn(to: &metadata)
        }
        if let length = try config.integerIfPresent("attn_temperature_len"), length != 0 {
            metadata.set("attention.temperature_length", try ModelMetadata.count(length))
        }
        let scale =
            config["attn_output_multiplier"] == nil
            ? pow(Double(try config.headLength()), -0.5) : try config.number("attn_output_multiplier")
        metadata.set("attention.output_scale", .float32(Float(scale)))
        try metadata.addNeededFloat("embedding_scale", config, "embedding_multiplier_scale")
        try metadata.addNeededFloat("logit_scale", config, "output_multiplier_scale")
    }

    private func addYarn(to metadata: inout ModelMetadata) throws(ConversionError) {
        metadata.set("rope.scaling.type", .string("yarn"))
        try metadata.addNeededFloat("rope.scaling.factor", config, "scaling_factor")
        try metadata.addNeededCount(
            "rope.scaling.original_context_length", config, ["original_max_position_embeddings"])
        for (key, own) in [
            ("ext_factor", "extrapolation_factor"), ("attn_factor", "attn_factor"),
            ("beta_fast", "beta_fast"),
            ("beta_slow", "beta_slow"),
        ] { try metadata.addNeededFloat("rope.scaling.yarn_\(key)", config, own) }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        if vocabulary.hasSentencePiece { return try vocabulary.addSentencePiece(to: &metadata) }
        guard model.files["tokenizer.json"] != nil, model.files["chat_template.jinja"] != nil else {
            throw ConversionError(
                .tokenizerMissing,
                "there is neither a tokenizer.model nor a tokenizer.json with its template",
                fix: "take tokenizer.json and chat_template.jinja of alvarobartt/grok-2-tokenizer")
        }
        try vocabulary.addBPE(to: &metadata)
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.setDefaults([
            "vocab_size": 30522, "hidden_size": 768, "num_hidden_layers": 6, "num_attention_heads": 12,
            "intermediate_size": 3072, "max_position_embeddings": 1024, "layer_norm_eps": .number(1e-12),
            "hidden_act": "gelu", "tie_word_embeddings": false,
        ])
    }
}
