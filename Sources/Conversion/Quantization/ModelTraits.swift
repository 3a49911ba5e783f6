/// What the choice of types has to know about a model; the tensors tell the rest.
public struct ModelTraits: Hashable, Sendable {
    /// GGUF's name for the architecture, as `llama`.
    public var architecture: String
    /// The number of blocks, with those that predict further tokens.
    public var blockCount: Int
    /// The blocks among them that predict further tokens (`nextn_predict_layers`).
    public var predictionBlockCount: Int
    /// The number of attention heads in the first block; 0 where there is no attention.
    public var headCount: Int
    /// The number of heads in the first block that keys and values have.
    public var keyValueHeadCount: Int
    /// The number of experts; 0 in a model without.
    public var expertCount: Int

    /// Makes the traits of a model that is no GGUF file yet.
    public init(
        architecture: String, blockCount: Int, predictionBlockCount: Int = 0, headCount: Int = 0,
        keyValueHeadCount: Int? = nil, expertCount: Int = 0
    ) {
        self.architecture = architecture
        self.blockCount = blockCount
        self.predictionBlockCount = predictionBlockCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeadCount ?? headCount
        self.expertCount = expertCount
    }
}
