public import Tensors

/// A tensor as far as the choice of its type looks at it: of a GGUF file, or of one that is to be made.
public struct TensorDescription: Hashable, Sendable {
    /// GGUF's name for the tensor, as `blk.0.attn_v.weight`.
    public var name: String
    /// The numbers of elements, the fastest varying dimension first; empty for a single element.
    public var dimensions: [Int]
    /// The type it has before quantization.
    public var type: GGMLType

    /// Describes a tensor.
    public init(name: String, dimensions: [Int], type: GGMLType) {
        self.name = name
        self.dimensions = dimensions
        self.type = type
    }

    /// Describes a tensor of a GGUF file.
    public init(_ tensor: GGUFHeader.Tensor) {
        self.init(name: tensor.name, dimensions: tensor.dimensions, type: tensor.type)
    }
}
