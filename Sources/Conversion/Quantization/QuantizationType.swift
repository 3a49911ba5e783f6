package import Tensors

/// What `quantize` can make: a type for every tensor, or a mixture of types, by llama-quantize's names.
package struct QuantizationType: Hashable, Sendable {
    /// The name, as `Q4_K_M`.
    package let name: String
    /// The number in `general.file_type` (llama.h, `enum llama_ftype`). `COPY` has none of its own: the file
    /// keeps the one it has.
    package let fileType: UInt32
    /// The type of the tensors for which the mixture has no other.
    package let base: GGMLType

    /// Whether tensors are copied as they are.
    package var isCopy: Bool { name == "COPY" }
}
