import Formats
import Tensors

/// Maincode's Maincoder.
struct Maincoder: PlainFamily {
    static let classes = ["MaincoderForCausalLM"]
    static let names = TensorNames.llama.adding(TensorNames.headNorms)

    let name = "maincoder"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings,
            block: RequiredTensors.llama + RequiredTensors.headNorms + RequiredTensors.dense)
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addCount("rope.dimension_count", config, ["head_dim"])
    }
}
