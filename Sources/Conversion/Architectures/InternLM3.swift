import Formats
import Tensors

/// Shanghai AI Laboratory's InternLM 3, which is Llama in a GGUF.
struct InternLM3: PlainFamily {
    static let classes = ["InternLM3ForCausalLM"]
    static let names = TensorNames.llama
    static let hasHalvedHeads = true

    let name = "llama"
    var parts: PlainParts

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try metadata.addGenericParameters(config, fileType: fileType)
        try metadata.addNeededCount("vocab_size", config, ["vocab_size"])
        try metadata.addWholeHeads(config)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try vocabulary.addInternLM3(to: &metadata)
    }
}
