import Formats
import Tensors

/// What a model's family makes of its tensors, before anything is known of its name and tokenizer.
struct ArchitecturePlan: Sendable {
    /// The tensors in the order of the file.
    let tensors: [HuggingFaceConversion.Tensor]
    /// The tensors of four bits that are multiplied with inputs that keep all of theirs, sorted.
    let fullInputs: [String]
    /// The family, which has seen all tensors.
    let architecture: any ModelArchitecture

    /// Decides.
    /// - Parameters:
    ///   - isVocabularyOnly: whether the tensors are left out.
    ///   - isComplete: whether all tensors that the family needs have to be there; a part of a model is planned without.
    /// - Throws: where the family does not know a tensor, lacks one, or is not what the configuration states.
    init(
        _ model: HuggingFaceModel, _ wanted: OutputType, isVocabularyOnly: Bool = false,
        isComplete: Bool = true
    ) throws(ConversionError) {
        let family = try ArchitectureRegistry.family(of: model.config.architecture)
        var architecture = try family.init(model)
        var limits = try PlanLimits(architecture, model.config)
        var tensors: [HuggingFaceConversion.Tensor] = []
        var names: Set<ExactName> = []
        let converted =
            isVocabularyOnly ? [] : try Self.converted(model, &architecture, isComplete: isComplete)
        for tensor in converted {
            guard names.insert(tensor.name).inserted else {
                throw ConversionError(
                    .tensorTwice, "two tensors of the checkpoint would become \"\(tensor.name)\"",
                    fix: "check that config.json belongs to these weights")
            }
            try limits.check(tensor)
            let type =
                Self.blockType(tensor.value, model)
                ?? architecture.type(of: tensor.name, shape: tensor.value.shape, wanted: wanted)
                ?? wanted.type(of: tensor.name, shape: tensor.value.shape)
            tensors.append(
                HuggingFaceConversion.Tensor(
                    description: TensorDescription(
                        name: tensor.name, dimensions: tensor.value.shape.reversed(), type: type),
                    value: tensor.value))
        }
        self.tensors = tensors
        fullInputs = tensors.compactMap { tensor in
            Self.isFullInput(tensor, model) ? tensor.description.name : nil
        }.sortedByBytes()
        self.architecture = architecture
    }

    /// What a family makes of all tensors.
    /// - Throws: also where one is missing that the family needs, if the model shall be complete.
    static func converted(
        _ model: HuggingFaceModel, _ architecture: inout any ModelArchitecture, isComplete: Bool
    ) throws(ConversionError) -> [ConvertedTensor] {
        var present = MissingTensors(model, type(of: architecture))
        do throws(ConversionError) {
            let converted = try converted(model, &architecture, &present)
            if isComplete { try present.check() }
            try architecture.finish()
            return converted
        } catch {
            throw present.spelled(error)
        }
    }

    private static func converted(
        _ model: HuggingFaceModel, _ architecture: inout any ModelArchitecture,
        _ present: inout MissingTensors
    ) throws(ConversionError) -> [ConvertedTensor] {
        var converted = try fourBits(model, &architecture)
        converted += try architecture.generatedTensors()
        for tensor in converted { present.add(tensor) }
        for (index, tensor) in model.tensors.enumerated() where tensor.blockType != .nvfp4 {
            guard !TextTensors.leftOut.contains(where: { tensor.name.hasUTF8Suffix($0) }),
                let name = type(of: architecture).name(of: tensor.name)
            else { continue }
            let value = TensorValue(TensorView(index, shape: tensor.shape))
            for own in try architecture.convert(name, value) {
                present.add(own)
                converted.append(own)
            }
        }
        return converted
    }

    /// The tensors that are kept in blocks of NVFP4, each with its factors: they are written before all others.
    private static func fourBits(
        _ model: HuggingFaceModel, _ architecture: inout any ModelArchitecture
    ) throws(ConversionError) -> [ConvertedTensor] {
        var converted: [ConvertedTensor] = []
        var stacks: [ConvertedTensor] = []
        // Where the number of experts is not known by these names, stacks come last.
        let isCounted = model.config.first(["num_local_experts", "num_experts"]) != nil
        for (index, tensor) in model.tensors.enumerated() where tensor.blockType == .nvfp4 {
            guard let name = type(of: architecture).name(of: tensor.name) else { continue }
            let value = TensorValue(TensorView(index, shape: tensor.shape))
            for own in try architecture.convert(name, value) {
                guard case .views(let views) = own.value.content else { continue }
                let factors = views.compactMap { model.dequantization?.tensors[$0.tensor].factors }
                let all = TensorFactors.tensors(own, factors)
                if own.value.shape.count == 2 || isCounted { converted += all } else { stacks += all }
            }
        }
        return converted + stacks
    }

    /// Whether a tensor is of four bits, and its inputs keep all of theirs.
    private static func isFullInput(_ tensor: HuggingFaceConversion.Tensor, _ model: HuggingFaceModel) -> Bool
    {
        guard let inputs = model.fullInputs, tensor.description.type == .nvfp4,
            case .views(let views) = tensor.value.content, let first = views.first
        else { return false }
        let stored = model.tensors[first.tensor].name
        let name = ArchitectureRegistry.read(stored, model.config)
        // The converter looks for a stack by a name without experts' numbers.
        guard tensor.value.shape.count > 2, let block = TensorNames.block(of: tensor.description.name),
            let part = name.split(separator: ".").dropLast().last
        else { return inputs.contains(name) }
        return inputs.contains("model.layers.\(block).mlp.experts.\(part).weight")
    }

    /// The type of ggml's blocks that a tensor is kept in as it is.
    private static func blockType(_ value: TensorValue, _ model: HuggingFaceModel) -> GGMLType? {
        guard case .views(let views) = value.content, let view = views.first else { return nil }
        return model.tensors[view.tensor].blockType
    }
}
