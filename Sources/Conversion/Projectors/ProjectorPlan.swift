import Formats
import Tensors

/// What a family makes of its projector's tensors.
struct ProjectorPlan: Sendable {
    /// The tensors in the order of the file.
    let tensors: [HuggingFaceConversion.Tensor]
    /// The family, which has seen all tensors.
    let projector: any ModelProjector
    /// The type that was asked for, or found.
    let outputType: OutputType

    /// Decides.
    /// - Parameter wanted: the tensors' type; `nil` for the one that keeps what the checkpoint has best.
    /// - Throws: where the family does not know a tensor, lacks one, or is not what the configuration states; also where
    ///   a tensor would be in neither of both files.
    init(_ model: HuggingFaceModel, _ wanted: OutputType?) throws(ConversionError) {
        let family = try ProjectorRegistry.family(
            of: ProjectorRegistry.architecture(model.config.raw),
            hasPart: ProjectorRegistry.hasPart(model.config.raw))
        var projector: any ModelProjector = try family.init(ProjectorModel(model))
        let type =
            wanted
            ?? OutputType(guessedFrom: model.storedTensors.filter { projector.name(of: $0.name) != nil })
        var tensors: [HuggingFaceConversion.Tensor] = []
        var names: Set<ExactName> = []
        var shapes: [ExactName: (name: String, shape: [Int])] = [:]
        func add(_ tensor: ConvertedTensor, _ read: String) throws(ConversionError) {
            guard names.insert(ExactName(tensor.name)).inserted else {
                throw ConversionError(
                    .tensorTwice, "two tensors of the checkpoint would become \"\(tensor.name)\"",
                    fix: "check that config.json belongs to these weights")
            }
            try Self.check(tensor, &shapes)
            tensors.append(
                HuggingFaceConversion.Tensor(
                    description: TensorDescription(
                        name: tensor.name, dimensions: tensor.value.shape.reversed(),
                        type: Self.type(of: tensor, read, projector, type)),
                    value: tensor.value))
        }
        for tensor in try projector.generatedTensors() { try add(tensor, "") }
        var seen = SeenNames()
        for (index, tensor) in model.tensors.enumerated() {
            guard !TextTensors.leftOut.contains(where: { tensor.name.hasUTF8Suffix($0) }) else { continue }
            guard let name = projector.name(of: tensor.name) else {
                try Self.checkText(tensor.name, family)
                continue
            }
            seen.add(name, stored: tensor.name)
            let value = TensorValue(TensorView(index, shape: tensor.shape))
            for own in try projector.convert(name, value) { try add(own, name) }
        }
        let missing = projector.names.missing(seen.names)
        guard missing.isEmpty else { throw .missingTensors(missing.map(seen.stored)) }
        try projector.finish()
        // Where the keys cannot be made, that is told when they are written.
        var keys = ModelMetadata(architecture: "clip")
        if (try? projector.addParameters(to: &keys)) != nil {
            try ProjectorShapes(keys).check(
                tensors.map { ($0.description.name, $0.value.shape) })
        }
        self.tensors = tensors
        self.projector = projector
        outputType = type
    }

    /// The type of a tensor (base.py, `prepare_tensors` and `MmprojModel.tensor_force_quant`).
    private static func type(
        of tensor: ConvertedTensor, _ read: String, _ projector: any ModelProjector, _ wanted: OutputType
    ) -> GGMLType {
        let shape = tensor.value.shape
        if shape.count <= 1 || tensor.name.hasUTF8Suffix("_norm.weight") { return .f32 }
        if let type = projector.type(of: read, as: tensor.name, wanted: wanted) { return type }
        if [".patch_embd.weight", ".patch_merger.weight"].contains(where: { tensor.name.containsUTF8($0) }) {
            return wanted == .f16 ? .f16 : .f32
        }
        return wanted.type(of: tensor.name, shape: shape)
    }

    /// Looks at a shape: a tensor is of the same in every block.
    private static func check(
        _ tensor: ConvertedTensor, _ shapes: inout [ExactName: (name: String, shape: [Int])]
    ) throws(ConversionError) {
        let shape = tensor.value.shape
        if shape.contains(0) { throw .wrongShape(tensor.name, shape, "which has no elements") }
        guard [".blk.", ".layers."].contains(where: { tensor.name.containsUTF8($0) }),
            let (key, _) = ProjectorNames.starred(tensor.name)
        else { return }
        guard let other = shapes[ExactName(key)] else {
            shapes[ExactName(key)] = (tensor.name, shape)
            return
        }
        // Blocks may have several numbers of experts.
        let hasExperts = ["_exps.", ".ffn_gate_inp.", ".exp_probs_b."].contains {
            tensor.name.containsUTF8($0)
        }
        if hasExperts, other.shape.count == shape.count, other.shape.dropFirst() == shape.dropFirst() {
            return
        }
        guard other.shape == shape else {
            throw .wrongShape(tensor.name, shape, "and \"\(other.name)\" has \(other.shape)")
        }
    }

    /// Sees that what is no part of the projector is one of the text, or is left out by the reference, too.
    /// - Throws: where it would be lost.
    private static func checkText(
        _ name: String, _ family: any ModelProjector.Type
    ) throws(ConversionError) {
        if family.leftOut.contains(where: { name.hasUTF8Prefix($0) }) { return }
        if (text + family.texts).contains(where: { name.hasUTF8Prefix($0) })
            || name.containsUTF8("language_model.")
        {
            return
        }
        throw ConversionError(
            .tensorUnknown, "tensor \"\(name)\" belongs neither to the text nor to the projector",
            fix: "check that config.json belongs to these weights")
    }

    /// How the names of a part for text begin.
    private static let text = [
        "model.layers.", "model.embed_tokens.", "model.norm.", "lm_head.", "thinker.model.",
        "thinker.lm_head.",
        "model.text_model.", "text_decoder.", "norm.", "llm.", "mtp.",
    ]
}

/// The names of a checkpoint's tensors as a family reads them, with those in the files.
private struct SeenNames {
    private(set) var names: Set<ExactName> = []
    /// A name in the files for each kind of tensor, with the name as it is read.
    private var examples: [ExactName: (read: String, stored: String)] = [:]
    /// The same for what a name begins with.
    private var starts: [ExactName: (read: String, stored: String)] = [:]

    mutating func add(_ name: String, stored: String) {
        names.insert(ExactName(name))
        examples[ExactName(ProjectorNames.starred(name)?.key ?? name)] = (name, stored)
        starts[Self.start(name)] = (name, stored)
    }

    private static func start(_ name: String) -> ExactName {
        ExactName(String(name.prefix { $0 != "." }))
    }

    /// How the files would call a tensor, as far as others show it.
    func stored(_ name: String) -> String {
        if let (key, block) = ProjectorNames.starred(name), let example = examples[ExactName(key)],
            let own = ProjectorNames.starred(example.stored)
        {
            return own.key.replacingUTF8("*", with: block)
        }
        guard let example = starts[Self.start(name)], example.stored.hasUTF8Suffix(example.read) else {
            return name
        }
        let prefix = example.stored.utf8.dropLast(example.read.utf8.count)
        return String(decoding: prefix, as: UTF8.self) + name
    }
}
