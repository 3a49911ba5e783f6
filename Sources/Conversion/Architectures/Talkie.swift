import Formats
import Tensors

/// Talkie: norms without weights, and gains in their place.
struct Talkie: ModelArchitecture {
    static let classes = ["TalkieForCausalLM"]
    static let modelTypes: [String] = []

    let name = "talkie"
    private let model: HuggingFaceModel

    static func spellings(_ config: ModelConfig) -> [TensorNames] { [names] }

    private static let names: TensorNames = {
        var names: [ExactName: String] = ["model.embed": "token_embd", "lm_head": "output"]
        for (name, inGGUF) in [
            "attn.attn_query": "attn_q", "attn.attn_key": "attn_k", "attn.attn_value": "attn_v",
            "attn.attn_resid": "attn_output", "attn.head_gain.head_g": "attn_q_norm",
            "mlp.mlp_gate": "ffn_gate", "mlp.mlp_linear": "ffn_up", "mlp.mlp_resid": "ffn_down",
            "embed_skip.a_g": "layer_output_scale", "attn_gain.a_g.scale": "attn_output.scale",
            "mlp_gain.a_g.scale": "ffn_down.scale",
        ] { names["model.blocks.*.\(name)"] = "blk.*.\(inGGUF)" }
        return TensorNames(names).storing([
            "blk.*.attn_output.scale": ["model.blocks.*.attn_gain.a_g"],
            "blk.*.ffn_down.scale": ["model.blocks.*.mlp_gain.a_g"],
        ])
    }()

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            ["token_embd", "output"],
            block: RequiredTensors.attention + RequiredTensors.dense + [
                "attn_q_norm", "layer_output_scale", "attn_output.scale", "ffn_down.scale",
            ])
    }

    /// Gains have no end that others have.
    static func name(of tensor: String) -> String? {
        guard let name = TextTensors.name(of: tensor) else { return nil }
        if [".attn_gain.a_g", ".mlp_gain.a_g"].contains(where: { name.hasUTF8Suffix($0) }) {
            return name + ".scale"
        }
        return name.hasUTF8Suffix(".weight") ? name : name + ".weight"
    }

    init(_ model: HuggingFaceModel) throws(ConversionError) { self.model = model }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        if name == "lm_head_gain.w_g.weight" { return [] }
        var value = value
        if value.shape.isEmpty { value.shape = [1] }
        let heads = try model.config.size("num_attention_heads", "n_head", "n_heads")
        if name.hasUTF8Suffix(".attn_query.weight") || name.hasUTF8Suffix(".attn_key.weight") {
            value = try turnedBack(name, value)
        } else if name.hasUTF8Suffix(".head_g.weight") {
            guard value.shape == [heads] else {
                throw .wrongShape(name, value.shape, "which is not a number for each of \(heads) heads")
            }
            value.shape = [heads, 1]
        } else if name.hasUTF8Suffix(".a_g.scale") || name.hasUTF8Suffix(".a_g.weight") {
            guard value.shape == [1] else { throw .wrongShape(name, value.shape, "which is not one number") }
        }
        return [try Self.names.renamed(name, value, self.name)]
    }

    /// With the second half of each head's rows negated, since these models rotate the other way round.
    private func turnedBack(_ name: String, _ value: TensorValue) throws(ConversionError) -> TensorValue {
        let length = try model.config.size("head_dim")
        guard let view = value.view, view.shape.count == 2, length > 1, view.shape[0].isMultiple(of: length),
            view.shape[0] / length <= 1 << 14
        else { throw .wrongShape(name, value.shape, "which is not divisible into heads of \(length) rows") }
        var result = value
        var views: [TensorView] = []
        for start in stride(from: 0, to: view.shape[0], by: length) {
            for half in [start..<start + length / 2, start + length / 2..<start + length] {
                if let own = view.sliced(axis: 0, half) { views.append(own) }
            }
        }
        result.content = .views(views)
        result.partOperations = views.indices.map { $0.isMultiple(of: 2) ? [] : [.multiply(-1)] }
        return result
    }

    func addFirstParameters(to metadata: inout ModelMetadata) throws(ConversionError) {
        guard let gain = try StoredNumbers.floats("lm_head_gain.w_g", of: model)?.first else { return }
        metadata.set("logit_scale", .float32(gain))
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(model.config, fileType: fileType)
        // What torch takes where nothing is said, the smallest step above 1.
        metadata.set("attention.layer_norm_rms_epsilon", .float32(Float.ulpOfOne))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addBPE(to: &metadata)
    }
}
