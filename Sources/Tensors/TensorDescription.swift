/// What a GGUF file's header says of a tensor, but for its place.
public struct TensorDescription: Equatable, Sendable {
    /// The name, unique in the file, as `blk.0.attn_q.weight`.
    public let name: String
    /// The numbers of elements, the fastest varying dimension first; empty for a single element.
    public let dimensions: [Int]
    /// The type of the elements.
    public let type: GGMLType

    /// Puts name, dimensions and type together.
    public init(name: String, dimensions: [Int], type: GGMLType) {
        self.name = name
        self.dimensions = dimensions
        self.type = type
    }
}
