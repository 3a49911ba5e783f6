package import Formats
package import Tensors

/// All that a conversion decides from: a model without its weights.
package struct HuggingFaceModel: Sendable {
    /// The name of the model's directory, from which its name is taken where nothing else states it.
    package let directoryName: String
    /// The small files.
    package let files: ModelDocuments
    /// The configuration.
    package let config: ModelConfig
    /// The front matter of the model card; `nil` if there is none.
    package let card: JSON?
    /// The tensors as they were saved: those of each file sorted by name, the files sorted by name.
    package let storedTensors: [CheckpointTensor]
    /// The tensors that are converted, without what the checkpoint is quantized by.
    package let tensors: [CheckpointTensor]
    /// What those are computed of; `nil` where all are as they were saved.
    package let dequantization: Dequantization?
    /// Which layers of four bits are multiplied with inputs that keep all of theirs; `nil` where there are no such layers.
    let fullInputs: FullInputs?
    /// The type of blocks that the configuration states the weights are kept in; `nil` where they are plain numbers.
    package let keptType: GGMLType?
    /// The elements' bytes of the few tensors that become keys, or are computed with as a whole, by their places in
    /// ``storedTensors``; `nil` where only names and shapes were read.
    let constants: [Int: [UInt8]]?
    /// Whether the output's weights are known to be those of the embeddings, stored twice.
    package var repeatsEmbeddings = false
    /// The tokens behind those of the tokenizer's own vocabulary whose embeddings are known to be zero.
    package var zeroEmbeddings: [Int] = []

    /// The places of the tensors whose elements are needed before anything is decided: each is a few numbers.
    package static func needed(_ tensors: [CheckpointTensor]) -> [Int] {
        Dequantization.needed(tensors) + KeyTensors.needed(tensors) + StoredNumbers.needed(tensors)
    }

    /// The embeddings of which GGUF states whose are zero, and the first token that counts; `nil` for families of which it
    /// does not.
    package var possiblyZeroEmbeddings: (place: Int, start: Int)? {
        get throws(ConversionError) {
            guard ArchitectureRegistry.isStatingZeroEmbeddings(config.architecture), dequantization == nil,
                let place = storedTensors.firstIndex(where: {
                    $0.name.hasSameBytes(as: "model.embed_tokens.weight")
                }), storedTensors[place].shape.count == 2, storedTensors[place].dtype.isReal
            else { return nil }
            var vocabulary = try files.json("tokenizer.json")?["model"]?["vocab"]
            if vocabulary == nil { vocabulary = try files.json("vocab.json") }
            guard let count = vocabulary?.members?.count else { return nil }
            return (place, count)
        }
    }

    /// Puts a model together.
    /// - Parameters:
    ///   - tensors: as they were saved.
    ///   - contents: of those that ``needed(_:)`` names, the elements' bytes; `nil` where only names
    ///     and shapes are asked for.
    ///   - isVocabularyOnly: whether no tensor is converted, so that no quantization has to be undone.
    /// - Throws: if there is no config.json, or it is not one, or the tensors are quantized by a method that cannot be
    ///   undone.
    package init(
        directoryName: String, files: ModelDocuments, card: JSON?, tensors: [CheckpointTensor],
        contents: [Int: [UInt8]]? = [:], isVocabularyOnly: Bool = false
    ) throws(ConversionError) {
        guard let config = try files.json("config.json") else {
            throw ConversionError(
                .configMissing, "there is no config.json", fix: "check that all files of the model are there")
        }
        self.directoryName = directoryName
        self.files = files
        self.config = try ModelConfig(config)
        self.card = card
        storedTensors = tensors
        let places = Set(KeyTensors.needed(tensors) + StoredNumbers.needed(tensors))
        constants = contents.map { contents in contents.filter { places.contains($0.key) } }
        guard !isVocabularyOnly else {
            (dequantization, keptType, fullInputs, self.tensors) = (nil, nil, nil, tensors)
            return
        }
        let undone = try Dequantization(self.config, files, tensors, contents: contents)
        dequantization = undone.isEmpty ? nil : undone
        keptType = undone.keptType
        fullInputs = keptType == .nvfp4 ? try Self.fullInputs(self.config, files) : nil
        self.tensors = undone.tensors.map(\.tensor)
    }

    private static func fullInputs(
        _ config: ModelConfig, _ files: ModelDocuments
    ) throws(ConversionError) -> FullInputs {
        let stated = try QuantizationScheme.stated(config, files)
        let family = try? ArchitectureRegistry.family(of: config.architecture)
        return FullInputs(usual: stated.algorithm, layers: stated.layers) { name in
            family.map { $0.name(of: name) } ?? name
        }
    }
}
