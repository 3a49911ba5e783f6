package import Formats

/// What hinders that a model becomes GGUF, told by its configurations alone, before its weights are there.
package enum ConversionHindrance {
    /// What is in the way, as a clause; `nil` where nothing is known to be. That is no promise: tensors and tokenizer
    /// are not looked at.
    /// - Parameters:
    ///   - config: `config.json`.
    ///   - quantization: `hf_quant_config.json`, by which NVIDIA's Model Optimizer states its method; `nil` without one.
    package static func reason(_ config: JSON, quantization: JSON?) -> String? {
        do throws(ConversionError) {
            let files = MissingTensors.documents(config, quantization: quantization)
            let stated = try ModelConfig(config)
            _ = try QuantizationScheme(stated, files)
            let family = try ArchitectureRegistry.family(of: stated.architecture)
            let model = try HuggingFaceModel(
                directoryName: "", files: files, card: nil, tensors: [], contents: nil, isVocabularyOnly: true
            )
            let rules = try family.init(model).rulesName
            return ForeignConfigurations.error(ForeignConfigurations.findings(stated.raw, rules))?.message
        } catch {
            // What else is thrown is of tensors and tokenizers that were not looked at.
            let codes: [ConversionError.Code] = [.quantizationUnknown, .configValueWrong, .configKeyMissing]
            return codes.contains(error.code) ? error.message : nil
        }
    }
}
