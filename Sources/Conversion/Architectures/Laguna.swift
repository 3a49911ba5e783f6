import Formats
import Tensors

/// poolside's Laguna: gates behind attention, layers that differ in their heads, experts behind the first layers.
struct Laguna: PlainFamily {
    static let classes = ["LagunaForCausalLM"]
    static let names = TensorNames.llama.adding(TensorNames.headNorms).adding(
        Dictionary(
            uniqueKeysWithValues: ["gate", "up", "down"].flatMap { part in
                ["shared_expert", "shared_experts"].map {
                    (ExactName("model.layers.*.mlp.\($0).\(part)_proj"), "blk.*.ffn_\(part)_shexp")
                }
            })
    ).adding([
        "model.layers.*.self_attn.g_proj": "blk.*.attn_gate",
        "model.layers.*.mlp.experts.e_score_correction": "blk.*.exp_probs_b",
    ])

    let name = "laguna"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] {
        [.inOrder]
    }

    static func spellings(_ config: ModelConfig) -> [TensorNames] {
        let count = config.first(["num_local_experts", "num_experts"])?.wholeNumber
        return ["shared_experts", "shared_expert"].flatMap { shared in
            names.without(["gate", "up", "down"].map { "model.layers.*.mlp.\(shared).\($0)_proj" })
                .storingExperts(count: count).spellings
        }
    }

    private static func denseCount(_ config: ModelConfig) -> Int {
        let types = config.first(["mlp_layer_types"])?.array ?? []
        return types.firstIndex { !$0.isText("dense") } ?? types.count
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        .mixed(
            RequiredTensors.llama + RequiredTensors.headNorms + ["attn_gate"], dense: denseCount(config),
            experts: RequiredTensors.sharedExperts + ["exp_probs_b.bias"])
    }

    // MARK: Tensors

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        // What chooses experts has a name like theirs, and is none of one.
        if name.hasUTF8Suffix("mlp.experts.e_score_correction.bias") {
            return [try Self.names.renamed(name, value, self.name)]
        }
        if name.hasUTF8Suffix("self_attn.g_proj.weight"), let block = TensorNames.block(of: name) {
            let (heads, isEach) = (try headCounts(), try gatesOfElements())
            guard heads.indices.contains(block), isEach.indices.contains(block) else {
                throw .unknownTensor(name, self.name)
            }
            let rows = isEach[block] ? try heads[block] &* config.size("head_dim") : heads[block]
            guard value.shape.first == rows else {
                throw .wrongShape(
                    name, value.shape, "and the gates that config.json states have \(rows) rows")
            }
        }
        return try converted(name, value)
    }

    private func headCounts() throws(ConversionError) -> [Int] {
        let count = try config.size("num_hidden_layers")
        guard let stated = config.first(["num_attention_heads_per_layer"])?.array, !stated.isEmpty else {
            return [Int](repeating: try config.size("num_attention_heads"), count: min(count, 1 << 16))
        }
        let heads = stated.compactMap(\.integer).filter { (1...1 << 20).contains($0) }
        guard heads.count == count else { throw ModelConfig.missing(["num_attention_heads_per_layer"]) }
        return heads
    }

    /// Whether each layer has a gate for every element of a head, or one for a head.
    private func gatesOfElements() throws(ConversionError) -> [Bool] {
        func isEach(_ value: JSON) throws(ConversionError) -> Bool {
            let text = value.string?.replacingUTF8("-", with: "_") ?? ""
            guard text == "per_element" || text == "per_head" else {
                throw ConversionError(
                    .configValueWrong, "config.json: \"gating\" is neither \"per-head\" nor \"per-element\"")
            }
            return text == "per_element"
        }
        let count = min(try config.size("num_hidden_layers"), 1 << 16)
        let gating = config["gating"] ?? .null
        var kinds: [Bool] = []
        if let types = config.first(["gating_types"])?.array, !types.isEmpty {
            for type in types { kinds.append(try isEach(type)) }
            guard kinds.count == count else { throw ModelConfig.missing(["gating_types"]) }
        } else {
            let kind = gating == .bool(true) ? false : try isEach(gating)
            kinds = [Bool](repeating: kind, count: count)
        }
        var isStated = false
        if gating.string != nil { isStated = try isEach(gating) }
        if kinds.contains(true), !isStated {
            throw ConversionError(
                .configValueWrong,
                "config.json: \"gating\" is not \"per-element\", which \"gating_types\" states")
        }
        return kinds
    }

    // MARK: Metadata

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        metadata.set("attention.head_count", .int32s(try headCounts().map { Int32(clamping: $0) }))
        _ = try gatesOfElements()
        let window = try config.integerIfPresent("sliding_window") ?? 0
        if window > 0 { metadata.set("attention.sliding_window", try ModelMetadata.count(window)) }
        try metadata.addNeededCount("expert_feed_forward_length", config, ["moe_intermediate_size"])
        try metadata.addNeededCount(
            "expert_shared_feed_forward_length", config, ["shared_expert_intermediate_size"])
        metadata.set("expert_weights_norm", .bool(true))
        try metadata.addNeededFloat("expert_weights_scale", config, "moe_routed_scaling_factor")
        metadata.set("expert_gating_func", .uint32(2))
        guard config["mlp_layer_types"]?.array != nil else { throw ModelConfig.missing(["mlp_layer_types"]) }
        metadata.set("leading_dense_block_count", try ModelMetadata.count(Self.denseCount(config)))
        let (rope, length) = (RopeParameters(config), try config.size("head_dim"))
        for (key, kind) in [("", "full_attention"), ("_swa", "sliding_attention")] {
            guard let own = rope.shared(kind) else {
                if key.isEmpty { throw ModelConfig.missing(["rope_parameters.\(kind)"]) }
                continue
            }
            let share = own["partial_rotary_factor"]?.double ?? 1
            metadata.set(
                "rope.dimension_count\(key)", try ModelMetadata.share(share, of: length, heads: 1))
        }
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata, control: ["</assistant>"])
        // The first end of a text is the one that it begins with, and the other ends an answer.
        let ends = config["eos_token_id"]?.array ?? []
        if let end = ends.first(where: { $0 != config["bos_token_id"] })?.integer {
            metadata["tokenizer.ggml.eot_token_id"] = try ModelMetadata.count(end)
        }
    }
}
