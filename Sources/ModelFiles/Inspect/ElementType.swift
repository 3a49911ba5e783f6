package import Tensors

/// How the elements of a tensor are stored, in the words of its format.
package enum ElementType: Hashable, Sendable {
    /// A GGUF type.
    case ggml(GGMLType)
    /// A safetensors dtype.
    case safetensors(DType)

    /// The format's name for it.
    package var name: String {
        switch self {
        case .ggml(let type): type.name
        case .safetensors(let dtype): dtype.rawValue
        }
    }

    /// How many elements are stored together.
    package var blockLength: Int {
        switch self {
        case .ggml(let type): type.blockLength
        case .safetensors(let dtype): dtype.bitsPerElement % 8 == 0 ? 1 : 4
        }
    }

    /// Whether elements can be read as floats.
    package var isNumeric: Bool {
        switch self {
        case .ggml(let type): type.format != nil || type.plain != nil
        case .safetensors(let dtype): dtype.isReal
        }
    }

    /// The size in bytes of whole blocks of so many elements.
    func byteCount(_ elements: Int) -> Int {
        switch self {
        case .ggml(let type): elements / type.blockLength * type.blockSize
        case .safetensors(let dtype): elements * dtype.bitsPerElement / 8
        }
    }

    /// Turns whole blocks into floats; of a type that is not numeric, nothing is written.
    func floats(from bytes: Span<UInt8>, into output: inout MutableSpan<Float>) {
        switch self {
        case .ggml(let type):
            if let format = type.format {
                format.dequantize(bytes, into: &output)
            } else if let plain = type.plain {
                plain.floats(from: bytes, into: &output)
            }
        case .safetensors(let dtype):
            dtype.floats(from: bytes, into: &output)
        }
    }
}

extension GGMLType {
    /// The safetensors dtype of the same bytes, for integers and other plain numbers.
    fileprivate var plain: DType? {
        switch self {
        case .i8: .i8
        case .i16: .i16
        case .i32: .i32
        case .i64: .i64
        case .f64: .f64
        default: nil
        }
    }
}
