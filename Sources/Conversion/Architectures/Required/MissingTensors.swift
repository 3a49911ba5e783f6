package import Formats
import Tensors

/// Finds the tensors that a model lacks, by the names of those that it has.
package struct MissingTensors: Sendable {
    /// The name in the checkpoint of a tensor of some block, by its name in GGUF, both with "*" for the block.
    private var sources: [ExactName: String] = [:]
    private var names: Set<ExactName> = []

    /// Nothing was seen: all that a family asks for would be missing.
    init() {}

    /// Takes what became of a tensor of the checkpoint.
    mutating func add(_ converted: String, from source: String) {
        names.insert(converted)
        let pattern = Self.pattern(converted)
        if sources[pattern] == nil { sources[pattern] = Self.pattern(source) }
    }

    /// Compares with what a family asks for.
    /// - Throws: `tensor-missing`, which names what is not there as the checkpoint would.
    func check(
        _ family: any ModelArchitecture.Type, _ config: ModelConfig
    ) throws(ConversionError) {
        let missing = missing(family, config)
        guard !missing.isEmpty else { return }
        throw .missingTensors(missing)
    }

    private func missing(
        _ family: any ModelArchitecture.Type, _ config: ModelConfig
    ) -> [String] {
        guard let count = try? config.blockCount() else { return [] }
        var required = family.requiredTensors(config).withBiases(RequiredTensors.biases(config))
        let isOutputLeftOut = family == Gemma.self || family == Gemma2.self || family == Cohere.self
        // What ranks texts keeps rows of it, under another name.
        let isRanking = names.contains("cls.output.weight")
        let isOwn = RequiredTensors.hasOwnOutput(config) && !isOutputLeftOut && !isRanking
        if isOwn, !required.whole.contains("output+") {
            required.whole.append("output")
        }
        return required.missing(from: names, blockCount: count).map { name in
            guard let source = sources[Self.pattern(name)] ?? Self.usual(name, family, sources) else {
                return name
            }
            guard let block = TensorNames.block(of: name) else { return source }
            return source.replacingUTF8("*", with: "\(block)")
        }.unique
    }

    /// The name of a tensor of which no block has one, by the family's table, with what the checkpoint has before its
    /// names; `nil` where the table does not have it.
    private static func usual(
        _ name: String, _ family: any ModelArchitecture.Type, _ sources: [ExactName: String]
    ) -> String? {
        let (base, end) = withoutEnd(pattern(name))
        let names = family.tensorNames
        var prefix: String?
        var isStyle: Set<ExactName> = []
        for (known, source) in sources.sorted(by: { $0.key < $1.key }) {
            let (known, source) = (withoutEnd(known.text).base, withoutEnd(source).base)
            for own in names.sources(of: known) where source.hasUTF8Suffix(own) {
                let start = String(decoding: source.utf8.dropLast(own.utf8.count), as: UTF8.self)
                if start.isEmpty { isStyle.insert(firstPart(own)) }
                prefix = min(prefix ?? start, start)
            }
        }
        let found = names.sources(of: base)
        let longest = names.source(of: base)
        let own =
            longest.flatMap { isStyle.contains(firstPart($0)) ? $0 : nil }
            ?? found.first { isStyle.contains(firstPart($0)) } ?? longest
        // The two halves of one layer, which the checkpoint has as one.
        return own.map { (prefix ?? "") + $0.replacingUTF8(".k_b_proj", with: ".kv_b_proj") + end }
            .map { $0.replacingUTF8(".v_b_proj", with: ".kv_b_proj") }
            .map { $0.replacingUTF8("e_score_correction.bias", with: "e_score_correction_bias") }
    }

    private static func firstPart(_ name: String) -> String {
        name.split(separator: ".").first.map(String.init) ?? name
    }

    private static func withoutEnd(_ name: String) -> (base: String, end: String) {
        for end in [".weight", ".bias"] where name.hasUTF8Suffix(end) {
            return (String(decoding: name.utf8.dropLast(end.utf8.count), as: UTF8.self), end)
        }
        return (name, "")
    }

    /// A name with "*" in the place of its block.
    private static func pattern(_ name: String) -> String {
        guard let block = TensorNames.block(of: name) else { return name }
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if let place = parts.firstIndex(of: "\(block)") { parts[place] = "*" }
        return parts.joined(separator: ".")
    }

    // MARK: A model without its numbers

    /// The tensors that a model lacks, as the checkpoint would call them; empty where none is missing, where it is of no
    /// family that is known, and where it cannot be said.
    ///
    /// Of a quantized model it can be said where the quantization that `config.json` states can be undone by names and
    /// shapes alone.
    /// - Parameters:
    ///   - config: the model's `config.json`.
    ///   - tensors: all of the checkpoint.
    package static func names(_ config: JSON, _ tensors: [CheckpointTensor]) -> [String] {
        guard config["text_config"]?["quantization_config"] == nil, !tensors.isEmpty else { return [] }
        do throws(ConversionError) {
            // How many tokens there are decides no name.
            let files = ModelDocuments([
                "config.json": Array(config.compactText.utf8), "tokenizer.json": Array(#"{"model":{}}"#.utf8),
            ])
            let model = try HuggingFaceModel(
                directoryName: "", files: files, card: nil, tensors: tensors)
            let family = try ArchitectureRegistry.family(of: model.config.architecture)
            var architecture: any ModelArchitecture = try family.init(model)
            var found = MissingTensors()
            for (index, tensor) in model.tensors.enumerated() {
                guard !TextTensors.leftOut.contains(where: { tensor.name.hasUTF8Suffix($0) }),
                    let name = family.name(of: tensor.name)
                else { continue }
                let value = TensorValue(TensorView(index, shape: tensor.shape))
                for own in try architecture.convert(name, value) { found.add(own.name, from: tensor.name) }
            }
            try architecture.finish()
            try found.check(family, model.config)
            return []
        } catch {
            return error.code == .tensorMissing ? error.tensors : []
        }
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
