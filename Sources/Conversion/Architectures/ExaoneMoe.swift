import Formats
import Tensors

/// LG's K-EXAONE: experts behind the first layers, and blocks that predict further tokens.
struct ExaoneMoe: PlainFamily {
    static let classes = ["ExaoneMoEForCausalLM", "ExaoneMoeForCausalLM"]
    static let names = TensorNames.llama.adding(TensorNames.headNorms).adding(TensorNames.sharedExperts)
        .adding(TensorNames.prediction).adding([
            "model.layers.*.mlp.e_score_correction": "blk.*.exp_probs_b",
            "model.layers.*.mlp.gate.e_score_correction": "blk.*.exp_probs_b",
        ]).storing(ExaonePrediction.spellings)

    let name = "exaone-moe"
    var parts: PlainParts

    static func storedExperts(_ config: ModelConfig) -> [StoredExperts] { [StoredExperts()] }

    static func predictionCount(_ config: ModelConfig) -> Int { (try? config.predictionCount()) ?? 0 }

    private static func denseCount(_ config: ModelConfig) throws(ConversionError) -> Int {
        try config.integerIfPresent("first_k_dense_replace", "first_last_k_dense_replace") ?? 0
    }

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        let (dense, last) = ((try? denseCount(config)) ?? 0, (try? config.blockCount()) ?? Int.max)
        return RequiredTensors(RequiredTensors.embeddings) { block in
            let attention = RequiredTensors.llama + RequiredTensors.headNorms
            if block >= last { return attention + RequiredTensors.dense + ExaonePrediction.required }
            return attention
                + (block < dense
                    ? RequiredTensors.dense
                    : RequiredTensors.experts + RequiredTensors.sharedExperts + ["exp_probs_b.bias"])
        }
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        guard name.hasUTF8Prefix("mtp.") else { return try converted(name, value) }
        var all: [ConvertedTensor] = []
        for own in try ExaonePrediction.names(name, config, isShared: false) {
            all += try converted(own, value)
        }
        return all
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] {
        try Llama3Rope.tensors(config, factor: 16)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        let ahead = try config.predictionCount()
        metadata.set("block_count", try ModelMetadata.count(config.blockCount() + ahead))
        try Exaone4.addWindows(to: &metadata, config)
        let length = try config.size("moe_intermediate_size")
        let shared = try config.integer("num_shared_experts")
        metadata.set("expert_feed_forward_length", try ModelMetadata.count(length))
        metadata.set("expert_shared_count", try ModelMetadata.count(shared))
        try metadata.addProduct("expert_shared_feed_forward_length", length, shared)
        try metadata.addNeededFloat("expert_weights_scale", config, "routed_scaling_factor")
        try metadata.addNeededFlag("expert_weights_norm", config, "norm_topk_prob")
        metadata.set("leading_dense_block_count", try ModelMetadata.count(Self.denseCount(config)))
        metadata.set("nextn_predict_layers", try ModelMetadata.count(ahead))
        metadata.set("rope.scaling.type", .string("none"))
    }
}

/// How EXAONE's checkpoints name what predicts further tokens: apart from the layers, of which GGUF has it at the end.
enum ExaonePrediction {
    private static let parts = [
        ("mtp.fc", "eh_proj"), ("mtp.pre_fc_norm_embedding", "enorm"), ("mtp.pre_fc_norm_hidden", "hnorm"),
        ("mtp.norm", "shared_head.norm"),
    ]
    /// What such a block needs beside what the others have.
    static let required = [
        "nextn.eh_proj", "nextn.enorm", "nextn.hnorm", "nextn.shared_head_norm",
    ]
    /// The names in the checkpoint, by those in GGUF.
    static let spellings: [ExactName: [String]] = Dictionary(
        uniqueKeysWithValues: zip(required, parts).map {
            (ExactName("blk.*.\($0).weight"), ["\($1.0).weight"])
        })

    /// The names that a tensor would have if it were stored as other families store it: of each such block, where they
    /// share it.
    static func names(
        _ name: String, _ config: ModelConfig, isShared: Bool
    ) throws(ConversionError) -> [String] {
        let (first, count) = (try config.blockCount(), try config.predictionCount())
        if name.containsUTF8("layers."), let block = TensorNames.block(of: name), block < 1 << 16 {
            let blocks = isShared ? Array(first..<first + count) : [first + block]
            return blocks.map { name.replacingUTF8("mtp.layers.\(block)", with: "model.layers.\($0)") }
        }
        for (own, other) in parts {
            for end in [".weight", ".bias"] where name.hasSameBytes(as: own + end) {
                return (first..<first + count).map { "model.layers.\($0).\(other)\(end)" }
            }
        }
        throw .unknownTensor(name, "exaone")
    }
}
