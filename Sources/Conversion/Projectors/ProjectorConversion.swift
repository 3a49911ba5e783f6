package import Formats
import Tensors

extension HuggingFaceConversion {
    /// Decides what a GGUF of a model's projector contains, as llama.cpp's `--mmproj` takes it.
    /// - Parameter options: of the types those that the reference converter has.
    /// - Throws: everything that hinders.
    package init(
        projectorOf model: HuggingFaceModel, _ options: Options = Options()
    ) throws(ConversionError) {
        let plan: ProjectorPlan
        do throws(ConversionError) {
            plan = try ProjectorPlan(model, options.outputType)
        } catch {
            throw QuantizationScheme.explained(error, model.tensors)
        }
        outputType = plan.outputType
        keptType = nil
        var foreign = ForeignConfigurations.projectorFindings(model) + plan.projector.findings
        if let error = ForeignConfigurations.error(foreign) { throw error }
        tensors = plan.tensors
        let generation = GeneralMetadata.generationConfig(of: model.files)
        var general = try GeneralMetadata(
            card: model.card, config: model.config.raw, generationConfig: generation.json,
            directoryName: model.directoryName, modelName: options.modelName, overrides: options.overrides,
            parameterCount: ParameterCount(tensors.map(\.description)), kind: .projector)
        if let remark = generation.remark { general.remarks.append(remark) }
        self.general = general
        var metadata = ModelMetadata(architecture: "clip")
        general.add(to: &metadata)
        metadata["general.file_type"] = .uint32(outputType.fileType)
        try plan.projector.addParameters(to: &metadata)
        metadata["general.quantization_version"] = .uint32(2)
        foreign += metadata.preparationFindings + ProjectorReading.findings(metadata, model.config.raw)
        self.foreign = foreign
        self.metadata = metadata
    }
}
