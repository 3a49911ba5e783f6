public import Tensors

/// All that a conversion decides from: a model without its weights.
public struct HuggingFaceModel: Sendable {
    /// The name of the model's directory, from which its name is taken where nothing else says it.
    public let directoryName: String
    /// The small files.
    public let files: ModelFiles
    /// The configuration.
    public let config: ModelConfig
    /// The front matter of the model card; `nil` where there is none.
    public let card: JSON?
    /// The tensors: those of each file sorted by name, the files sorted by name.
    public let tensors: [CheckpointTensor]

    /// Puts a model together.
    /// - Throws: where there is no config.json, or it is none.
    public init(
        directoryName: String, files: ModelFiles, card: JSON?, tensors: [CheckpointTensor]
    ) throws(ConversionError) {
        guard let config = try files.json("config.json") else {
            throw ConversionError(
                "config-missing", "there is no config.json", fix: "see that all files of the model are there")
        }
        self.directoryName = directoryName
        self.files = files
        self.config = try ModelConfig(config)
        self.card = card
        self.tensors = tensors
    }
}
