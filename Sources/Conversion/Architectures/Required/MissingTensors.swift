package import Formats
import Tensors

/// Finds the tensors that a model lacks, by those that it has.
package struct MissingTensors: Sendable {
    private let model: HuggingFaceModel
    private let family: any ModelArchitecture.Type
    /// What a tensor of some block is made of, by its name in GGUF, all with "*" for the block.
    private var sources: [ExactName: [String]] = [:]
    /// The names in GGUF of what was converted.
    private var names: Set<ExactName> = []

    /// Nothing was seen yet of a model: all that its family asks for would be missing.
    init(_ model: HuggingFaceModel, _ family: any ModelArchitecture.Type) {
        self.model = model
        self.family = family
    }

    /// Takes what became of tensors of the checkpoint.
    mutating func add(_ converted: ConvertedTensor) {
        names.insert(converted.name)
        let pattern = CheckpointSpelling.pattern(converted.name)
        guard sources[pattern] == nil, case .views(let views) = converted.value.content else { return }
        let origins = views.flatMap { stored($0.tensor) }
        // A block that the checkpoint counts apart has names of its own.
        let block = TensorNames.block(of: converted.name)
        guard origins.allSatisfy({ block == nil || TensorNames.block(of: $0) == block }) else { return }
        sources[pattern] = block == nil ? origins.unique : origins.map(CheckpointSpelling.pattern).unique
    }

    /// The names in the files of what a tensor is computed of.
    private func stored(_ tensor: Int) -> [String] {
        guard let dequantized = model.dequantization?.tensors[tensor] else {
            return [model.tensors[tensor].name]
        }
        let places =
            switch dequantized.content {
            case .stored(let place): [place]
            case .computed(let computed): computed.sources
            case .blocks(let blocks): blocks.sources
            }
        return places.map { model.storedTensors[$0].name }
    }

    private var spelling: CheckpointSpelling {
        CheckpointSpelling(
            family, model.config, stored: model.storedTensors.map(\.name), sources: sources)
    }

    /// Compares with what a family asks for.
    /// - Throws: `tensor-missing`, which names what is not there as the files would.
    func check() throws(ConversionError) {
        let missing = missing()
        let ahead = family.missingPredictions(
            model.config, stored: model.tensors.compactMap { family.name(of: $0.name) })
        guard !missing.isEmpty || !ahead.isEmpty else { return }
        let spelling = spelling
        let names = (missing.flatMap { spelling.names($0) } + spelling.names(read: ahead)).unique
        throw .missingTensors(names.isEmpty ? missing : names)
    }

    /// An error that a family made, which has names as it reads them: the same with the names in the files.
    func spelled(_ error: ConversionError) -> ConversionError {
        error.code == .tensorMissing && !error.tensors.isEmpty
            ? .missingTensors(spelling.names(read: error.tensors).unique) : error
    }

    private func missing() -> [String] {
        guard let count = try? family.blockCount(model.config) else { return [] }
        let ahead = Self.predictionCount(family, model.config, behind: count, names.lazy.map(\.text))
        return Self.required(model.config, family) { names.contains($0) }.missing(
            from: names, blockCount: count + ahead)
    }

    /// How many blocks behind the last have to be there.
    /// - Parameter names: of all tensors.
    private static func predictionCount(
        _ family: any ModelArchitecture.Type, _ config: ModelConfig, behind count: Int,
        _ names: some Sequence<String>
    ) -> Int {
        let hasNone = !names.contains { (TensorNames.block(of: $0) ?? -1) >= count }
        return family.isWholeWithoutPredictions && hasNone ? 0 : family.predictionCount(config)
    }

    /// What a model of a configuration must have.
    /// - Parameter isThere: whether it has a tensor, by its name in GGUF.
    private static func required(
        _ config: ModelConfig, _ family: any ModelArchitecture.Type, isThere: (String) -> Bool
    ) -> RequiredTensors {
        var required = family.requiredTensors(config).withBiases(RequiredTensors.biases(config))
        let isOutputLeftOut = family == Gemma.self || family == Gemma2.self || family == Cohere.self
        // What ranks texts keeps rows of it, under another name.
        let isRanking = isThere("cls.output.weight")
        let isOwn = RequiredTensors.hasOwnOutput(config, family) && !isOutputLeftOut && !isRanking
        if isOwn, !required.whole.contains("output+") {
            required.whole.append("output")
        }
        return required
    }

    // MARK: A model without its numbers

    /// The tensors that a model lacks, as the checkpoint would call them; empty where none is missing, where it is of no
    /// family that is known, and where it cannot be said.
    ///
    /// Of a quantized model it can be said where the names of what its method writes are known.
    /// - Parameters:
    ///   - config: the model's `config.json`.
    ///   - quantization: its `hf_quant_config.json`; `nil` if there is none.
    ///   - tensors: all of the checkpoint.
    package static func names(
        _ config: JSON, quantization: JSON? = nil, _ tensors: [CheckpointTensor]
    ) -> [String] {
        guard config["text_config"]?["quantization_config"] == nil, !tensors.isEmpty else { return [] }
        do throws(ConversionError) {
            let files = documents(config, quantization: quantization)
            guard try isUndone(ModelConfig(config), files, tensors) else { return alone(config, tensors) }
            let model = try HuggingFaceModel(
                directoryName: "", files: files, card: nil, tensors: tensors, contents: nil)
            let family = try ArchitectureRegistry.family(of: model.config.architecture)
            var architecture: any ModelArchitecture = try family.init(model)
            _ = try ArchitecturePlan.converted(model, &architecture, isComplete: true)
            return []
        } catch {
            return error.code == .tensorMissing ? error.tensors : []
        }
    }

    /// The files of a model of which only configurations are known.
    static func documents(_ config: JSON, quantization: JSON?) -> ModelDocuments {
        // How many tokens there are decides no name.
        var files = ModelDocuments([
            "config.json": Array(config.compactText.utf8), "tokenizer.json": Array(#"{"model":{}}"#.utf8),
        ])
        files["hf_quant_config.json"] = quantization.map { Array($0.compactText.utf8) }
        return files
    }

    /// Whether quantization can be undone, if there is some.
    private static func isUndone(
        _ config: ModelConfig, _ files: ModelDocuments, _ tensors: [CheckpointTensor]
    ) throws(ConversionError) -> Bool {
        if config.architecture.hasSameBytes(as: DeepSeek4.className) { return true }
        do throws(ConversionError) {
            // Who runs such a model can do without the groups of GPTQ's columns.
            guard case .gptq = try QuantizationScheme(config, files) else { return true }
            return tensors.contains { $0.name.hasUTF8Suffix(".g_idx") }
        } catch {
            if error.code == .quantizationUnknown { return false }
            throw error
        }
    }

    /// What a model lacks, by names alone.
    private static func alone(_ raw: JSON, _ tensors: [CheckpointTensor]) -> [String] {
        let kinds = QuantizedParts.named(raw, tensors)
        guard !kinds.isEmpty, let config = try? ModelConfig(raw) else { return [] }
        let family = try? ArchitectureRegistry.family(of: config.architecture)
        let parts = QuantizedParts.missing(kinds, tensors) { name in
            family.map { $0.name(of: name) != nil } ?? true
        }
        guard parts.isEmpty, let family, let count = try? family.blockCount(config) else { return parts }
        let stored = QuantizedParts.plain(kinds, tensors)
        let spelling = CheckpointSpelling(family, config, stored: stored, sources: [:])
        let missing = required(config, family, isThere: spelling.isThere)
            .missing(
                count + predictionCount(family, config, behind: count, tensors.lazy.map(\.name)),
                isThere: spelling.isThere)
        var seen: Set<ExactName> = []
        let ahead = family.missingPredictions(config, stored: stored.compactMap { family.name(of: $0) })
        return (missing.flatMap { spelling.names($0) } + spelling.names(read: ahead))
            .filter { seen.insert($0).inserted }
    }
}

extension ConversionError {
    /// Tensors that should be there, as the checkpoint would call them.
    package static func missingTensors(_ names: [String]) -> ConversionError {
        let more = names.count > 1 ? " and \(names.count - 1) more" : ""
        var error = ConversionError(
            .tensorMissing, "the model has no tensor \(names.first ?? "")\(more)",
            notes: names.dropFirst().prefix(9).map { "\($0) is not there either" },
            fix: "check that all files of the model are there, and that config.json belongs to them")
        error.tensors = names
        return error
    }
}

extension [String] {
    /// The same without what is there already, in its order.
    fileprivate var unique: [String] {
        var seen: Set<ExactName> = []
        return filter { seen.insert($0).inserted }
    }
}
