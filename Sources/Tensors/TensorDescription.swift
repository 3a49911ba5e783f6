/// What a GGUF file's header states of a tensor, but for its place.
package struct TensorDescription: Hashable, Sendable {
    /// GGUF's name for the tensor, as `blk.0.attn_v.weight`.
    package var name: String
    /// The numbers of elements, the fastest varying dimension first; empty for a single element.
    package var dimensions: [Int]
    /// The type of the elements.
    package var type: GGMLType

    /// Describes a tensor.
    package init(name: String, dimensions: [Int], type: GGMLType) {
        self.name = name
        self.dimensions = dimensions
        self.type = type
    }

    /// Describes a tensor of a GGUF file.
    package init(_ tensor: GGUFHeader.Tensor) {
        self.init(name: tensor.name, dimensions: tensor.dimensions, type: tensor.type)
    }
}
