package import Tensors

/// A tensor of a checkpoint, as the conversion sees it: after dequantization, where the checkpoint is quantized.
package struct CheckpointTensor: Hashable, Sendable {
    /// The name that the checkpoint gives it.
    package var name: String
    /// The numbers of elements, outermost dimension first.
    package var shape: [Int]
    /// The type of the elements.
    package var dtype: DType
    /// The type of ggml's blocks that the rows are kept in as they are; `nil` where the elements are plain numbers.
    package var blockType: GGMLType?

    /// Describes a tensor.
    package init(name: String, shape: [Int], dtype: DType, blockType: GGMLType? = nil) {
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.blockType = blockType
    }

    /// The number of elements; the shape was seen to have a size.
    package var elementCount: Int { shape.reduce(1, &*) }
}
