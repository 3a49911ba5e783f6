import Formats
import Tensors

/// XVERSE, Llama with a tokenizer of `tokenizer.json` in the form of a SentencePiece model without scores.
struct Xverse: PlainFamily {
    static let classes = ["XverseForCausalLM"]
    static let names = TensorNames.llama

    let name = "xverse"
    var parts: PlainParts

    static func requiredTensors(_ config: ModelConfig) -> RequiredTensors {
        RequiredTensors(
            RequiredTensors.embeddings, block: RequiredTensors.llama + RequiredTensors.dense)
    }

    func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        let heads = try RotaryHeads(config)
        var value = value
        if name.hasUTF8Suffix("q_proj.weight") {
            value = try RotaryHeads.interleaved(name, value, heads: heads.count)
        }
        if name.hasUTF8Suffix("k_proj.weight") {
            // As the converter counts them, where fewer heads have keys.
            let count = heads.count == heads.keyCount ? heads.count : heads.count / heads.keyCount
            value = try RotaryHeads.interleaved(name, value, heads: count)
        }
        return [try Self.names.renamed(name, value, self.name)]
    }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        metadata.set("tensor_data_layout", .string("Meta AI original pth"))
        let length = try config.size("hidden_size") / config.size("num_attention_heads")
        metadata.set("rope.dimension_count", try ModelMetadata.count(length))
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addXverse(to: &metadata)
    }
}
