/// What the choice of types has to know about a model; the tensors tell the rest.
package struct ModelTraits: Hashable, Sendable {
    /// GGUF's name for the architecture, as `llama`.
    package var architecture: String
    /// The number of blocks, with those that predict further tokens.
    package var blockCount: Int
    /// The blocks among them that predict further tokens (`nextn_predict_layers`).
    package var predictionBlockCount: Int
    /// The number of attention heads in the first block; 0 if there is no attention.
    package var headCount: Int
    /// The number of heads in the first block that keys and values have.
    package var keyValueHeadCount: Int
    /// The number of experts; 0 in a model without.
    package var expertCount: Int

    /// Makes the traits of a model that is no GGUF file yet.
    package init(
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
