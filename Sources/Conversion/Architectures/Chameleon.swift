import Formats
import Tensors

/// Meta's Chameleon, without what makes pictures tokens.
struct Chameleon: PlainFamily {
    static let classes = ["ChameleonForConditionalGeneration", "ChameleonForCausalLM"]
    static let modelTypes = ["chameleon"]
    static let hasHalvedHeads = true
    static let names = TensorNames.llama.adding(TensorNames.headNorms)

    let name = "chameleon"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.headNorms.map { $0 + "+" } + RequiredTensors.dense)
    }

    static func name(of tensor: String) -> String? {
        tensor.hasUTF8Prefix("model.vqmodel") ? nil : TextTensors.name(of: tensor)
    }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let heads = try RotaryHeads(config)
        for (start, count) in [("q_norm", heads.count), ("k_norm", heads.keyCount)]
        where ["weight", "bias"].contains(where: { name.hasUTF8Suffix("\(start).\($0)") }) {
            return [try Self.names.renamed(name, try repeated(name, value, count), self.name)]
        }
        return try converted(name, value)
    }

    /// The first head's norm for all of them, interleaved as the rows of queries and keys are.
    private func repeated(
        _ name: String, _ value: TensorValue, _ count: Int
    ) throws(ConversionError) -> TensorValue {
        let length = try config.size("hidden_size") / max(count, 1)
        guard value.shape == [count, length], length.isMultiple(of: 2), let view = value.view,
            let first = view.sliced(axis: 0, 0..<1)?.split(axis: 1, into: [2, length / 2])
        else { throw .wrongShape(name, value.shape, "which is not [\(count), \(length)]") }
        let one = first.swapped(1, 2)
        return TensorValue([TensorView](repeating: one, count: count), shape: [count, length])
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        metadata.set("swin_norm", .bool(config["swin_norm"]?.isTruthy ?? false))
    }

    static func fillDefaults(_ config: inout ModelConfig, modelType: String) {
        config.setDefaults([
            "vocab_size": 65536, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32, "max_position_embeddings": 4096,
            "rms_norm_eps": .number(1e-5), "bos_token_id": 1, "eos_token_id": 2, "rope_theta": 10000,
            "swin_norm": false, "tie_word_embeddings": false,
        ])
    }
}
