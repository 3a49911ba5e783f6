package import Formats
package import Tensors
import Tokenizers

/// What a GGUF made of a Hugging Face model contains, tensor by tensor: every decision before any work.
package struct HuggingFaceConversion: Sendable {
    /// What is asked for.
    package struct Options: Sendable {
        /// The tensors' type; `nil` for the one that keeps what the checkpoint has best.
        package var outputType: OutputType?
        /// Whether only the tokenizer is wanted.
        package var isVocabularyOnly = false
        /// The model's name; `nil` for what its card or directory states.
        package var modelName: String?
        /// Values of `general.*` keys that are put over all others.
        package var overrides: JSON?
        /// The pre-tokenizer's name, for one that is not known; `nil` to find it.
        package var preTokenizer: String?

        /// What is asked for where nothing is said.
        package init() {}
    }

    /// One tensor to write.
    package struct Tensor: Sendable, Equatable {
        /// The name, the dimensions (the fastest varying first) and the type.
        package let description: TensorDescription
        /// The elements.
        package let value: TensorValue
    }

    /// All items.
    package let metadata: ModelMetadata
    /// The tensors in the order of the file; none for a vocabulary only.
    package let tensors: [Tensor]
    /// The type that was chosen.
    package let outputType: OutputType
    /// The type of blocks that stands in the file's name and type in the place of plain numbers.
    let keptType: GGMLType?
    /// The type as it stands in a file's name.
    package var typeName: String { Self.kept(keptType)?.name ?? outputType.fileName }
    private static func kept(_ type: GGMLType?) -> (type: UInt32, name: String)? {
        switch type {
        case .mxfp4: (38, "MXFP4_MOE")
        case .nvfp4: (39, "NVFP4")
        default: nil
        }
    }
    /// What the model's configurations state that the file does not follow, or may not; no errors.
    package let foreign: [ForeignFinding]
    /// The model's name, size and so on, from which a file's name is made.
    package let general: GeneralMetadata

    /// Decides.
    /// - Parameter sha256: computes the hash by which the pre-tokenizer is known.
    /// - Throws: everything that hinders.
    package init(
        _ model: HuggingFaceModel, _ options: Options = Options(), sha256: @escaping SHA256Function
    ) throws(ConversionError) {
        if let name = options.preTokenizer { try PreTokenizer.check(name) }
        let family = try ArchitectureRegistry.family(
            of: model.config.architecture, modelType: model.config.raw["model_type"]?.string)
        outputType =
            options.outputType
            ?? OutputType(guessedFrom: model.storedTensors.filter { family.name(of: $0.name) != nil })
        // DeepSeek V4's experts stay whatever is asked.
        let isKept =
            [.f32, .f16, .bf16].contains(outputType) || model.keptType == .mxfp4 && family == DeepSeek4.self
        keptType = isKept ? model.keptType : nil
        let plan: ArchitecturePlan
        do throws(ConversionError) {
            plan = try ArchitecturePlan(model, outputType, isVocabularyOnly: options.isVocabularyOnly)
        } catch {
            throw QuantizationScheme.explained(error, model.tensors)
        }
        let architecture = plan.architecture
        var foreign = try ForeignConfigurations.findings(
            model, options.isVocabularyOnly ? nil : architecture.rulesName)
        if let error = ForeignConfigurations.error(foreign) { throw error }
        tensors = plan.tensors
        let generation = GeneralMetadata.generationConfig(of: model.files)
        var general = try GeneralMetadata(
            card: model.card, config: model.config.raw, generationConfig: generation.json,
            directoryName: model.directoryName, modelName: options.modelName, overrides: options.overrides,
            parameterCount: ParameterCount(tensors.map(\.description)))
        if let remark = generation.remark { general.remarks.append(remark) }
        self.general = general
        var metadata = ModelMetadata(architecture: architecture.name)
        if !options.isVocabularyOnly { try architecture.addFirstParameters(to: &metadata) }
        general.add(to: &metadata)
        try architecture.addParameters(
            to: &metadata, fileType: Self.kept(keptType)?.type ?? outputType.fileType)
        metadata["general.quantization_version"] = .uint32(2)
        metadata["general.tensor_extra.name"] = .strings(plan.fullInputs)
        metadata["general.tensor_extra.prec_a4"] = .bools(plan.fullInputs.map { _ in false })
        try architecture.addVocabulary(
            to: &metadata,
            Vocabulary(
                files: model.files, config: model.config.json, preTokenizer: options.preTokenizer,
                sha256: sha256))
        if !options.isVocabularyOnly {
            foreign += KnownDifferences.findings(model.config.architecture) + LoaderKeys.findings(metadata)
            foreign += try VocabularyRows.findings(tensors, metadata, model.config.raw)
        }
        self.foreign = foreign
        self.metadata = metadata
    }
}
