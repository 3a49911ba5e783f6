package import Formats

/// A LoRA adapter as PEFT saves it: `adapter_config.json`, and pairs of matrices whose products, scaled, are added
/// to a base model's weights.
package struct LoraAdapter: Sendable {
    /// Two matrices that change one weight of `rows` by `columns` elements: `B` times `A`.
    package struct Pair: Hashable, Sendable {
        /// The name of the weight in the base model.
        package let name: String
        /// The place of `A`, of `rank` by `columns` elements, in ``LoraAdapter/tensors``.
        package let a: Int
        /// The place of `B`, of `rows` by `rank` elements, in ``LoraAdapter/tensors``.
        package let b: Int
        /// How many columns `B` and rows `A` have.
        package let rank: Int
        /// How many rows the weight has.
        package let rows: Int
        /// How many columns the weight has.
        package let columns: Int
        /// Whether the weight is an embedding, whose product PEFT transposes.
        package let isEmbedding: Bool
    }

    /// A tensor that takes the place of the base model's.
    package struct Whole: Hashable, Sendable {
        /// The name in the base model.
        package let name: String
        /// The place in ``LoraAdapter/tensors``.
        package let index: Int
        /// Whether it is of a layer that has matrices, too (`base_layer`), which change what it becomes.
        package let isBaseLayer: Bool
    }

    /// The name of the adapter's directory.
    package let directoryName: String
    /// The small files.
    package let files: ModelDocuments
    /// The front matter of the card; `nil` if there is none.
    package let card: JSON?
    /// The tensors in the order in which their bytes are stored.
    package let tensors: [CheckpointTensor]
    /// `adapter_config.json`.
    package let config: JSON
    /// The same, understood.
    package let configuration: LoraConfiguration
    /// The pairs, in the order in which their first matrix is stored.
    package let pairs: [Pair]
    /// Norms and whatever else is stored whole, in the order in which they are stored.
    package let whole: [Whole]

    /// Reads an adapter.
    /// - Throws: if there is no configuration, it is of another method, or matrices do not fit together.
    package init(
        directoryName: String, files: ModelDocuments, card: JSON?, tensors: [CheckpointTensor]
    ) throws(ConversionError) {
        guard let config = try files.json("adapter_config.json"), config.members != nil else {
            throw ConversionError(
                .adapterConfigMissing, "there is no adapter_config.json",
                fix: "name the directory that PEFT's save_pretrained wrote")
        }
        self.directoryName = directoryName
        self.files = files
        self.card = card
        self.tensors = tensors
        self.config = config
        configuration = try LoraConfiguration(config)
        var halves: [(name: String, half: Half)] = []
        var places: [[UInt8]: Int] = [:]
        var whole: [Whole] = []
        for (index, tensor) in tensors.enumerated() {
            switch try Self.part(tensor.name) {
            case .whole(let name, let isBaseLayer):
                whole.append(Whole(name: name, index: index, isBaseLayer: isBaseLayer))
            case .a(let name, let isEmbedding), .b(let name, let isEmbedding):
                let place = places[Array(name.utf8)] ?? halves.count
                if place == halves.count {
                    halves.append((name, Half(isEmbedding: isEmbedding)))
                    places[Array(name.utf8)] = place
                }
                if case .a = try Self.part(tensor.name) {
                    halves[place].half.a = index
                } else {
                    halves[place].half.b = index
                }
            }
        }
        var pairs: [Pair] = []
        for (name, half) in halves { pairs.append(try Self.pair(name, half, tensors)) }
        guard !pairs.isEmpty else {
            throw ConversionError(
                .adapterEmpty, "there is no LoRA matrix among the adapter's tensors",
                fix: "name the directory that PEFT's save_pretrained wrote")
        }
        self.pairs = pairs
        self.whole = whole
    }

    // MARK: Names

    private struct Half {
        var a: Int?
        var b: Int?
        let isEmbedding: Bool
    }

    private enum Part {
        case a(String, isEmbedding: Bool), b(String, isEmbedding: Bool)
        case whole(String, isBaseLayer: Bool)
    }

    /// What a tensor is by its name (PEFT's `save_pretrained`; mergekit's extraction writes norms as well).
    private static func part(_ tensor: String) throws(ConversionError) -> Part {
        let name = tensor.replacingUTF8("base_model.model.", with: "")
        for (mark, isA, isEmbedding) in [
            (".lora_A.weight", true, false), (".lora_B.weight", false, false),
            (".lora_embedding_A", true, true), (".lora_embedding_B", false, true),
        ] where name.hasUTF8Suffix(mark) {
            let base = String(decoding: name.utf8.dropLast(mark.utf8.count), as: UTF8.self) + ".weight"
            return isA ? .a(base, isEmbedding: isEmbedding) : .b(base, isEmbedding: isEmbedding)
        }
        if name.containsUTF8(".base_layer.") {
            return .whole(name.replacingUTF8(".base_layer.", with: "."), isBaseLayer: true)
        }
        if name.containsUTF8("lora_magnitude_vector") {
            throw ConversionError(
                .adapterMethod, "the adapter has magnitudes (DoRA), which only PEFT can apply",
                notes: ["first at \"\(tensor)\""],
                fix: "merge it with PEFT's merge_and_unload, and take the merged model")
        }
        return .whole(name.replacingUTF8(".modules_to_save.default.", with: "."), isBaseLayer: false)
    }

    private static func pair(
        _ name: String, _ half: Half, _ tensors: [CheckpointTensor]
    ) throws(ConversionError) -> Pair {
        guard let a = half.a, let b = half.b else {
            throw ConversionError(
                .adapterHalf, "the adapter has only one of the two matrices for \"\(name)\"",
                fix: "check that all of it was downloaded")
        }
        let (shapeA, shapeB) = (tensors[a].shape, tensors[b].shape)
        guard shapeA.count == 2, shapeB.count == 2, shapeA[0] == shapeB[1], shapeA[0] > 0, shapeA[1] > 0,
            shapeB[0] > 0
        else {
            throw ConversionError(
                .adapterShape,
                "the adapter's matrices for \"\(name)\" do not fit: A is \(shapeA), B is \(shapeB)",
                fix: "check that all of it was downloaded")
        }
        return Pair(
            name: name, a: a, b: b, rank: shapeA[0], rows: shapeB[0], columns: shapeA[1],
            isEmbedding: half.isEmbedding)
    }

    // MARK: Configuration

    /// `lora_alpha`, by which products are scaled.
    /// - Throws: where it is missing.
    package func alpha() throws(ConversionError) -> Double {
        guard let alpha = configuration.alpha else {
            throw ConversionError(
                .adapterConfigMalformed, "adapter_config.json has no number \"lora_alpha\"",
                fix: "download it again")
        }
        return alpha
    }
}
