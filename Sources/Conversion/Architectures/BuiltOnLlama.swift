import Formats
import Tensors

/// A family that is Llama under another name, or with few keys beside: what it does not state itself is Llama's.
protocol BuiltOnLlama: ModelArchitecture {
    /// What does the work.
    var llama: Llama { get set }
}

extension BuiltOnLlama {
    static func name(of tensor: String) -> String? { Llama.name(of: tensor) }

    mutating func convert(_ name: String, _ value: TensorValue) throws(ConversionError) -> [ConvertedTensor] {
        try llama.convert(name, value)
    }

    func generatedTensors() throws(ConversionError) -> [ConvertedTensor] { try llama.generatedTensors() }

    func finish() throws(ConversionError) { try llama.finish() }

    func addParameters(to metadata: inout ModelMetadata, fileType: UInt32) throws(ConversionError) {
        try llama.addParameters(to: &metadata, fileType: fileType)
    }

    func addVocabulary(to metadata: inout ModelMetadata, _ vocabulary: Vocabulary) throws(ConversionError) {
        try llama.addVocabulary(to: &metadata, vocabulary)
    }
}
