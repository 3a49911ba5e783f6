/// How numbers are stored in one ``GGMLType``: rows of 32-bit floats become blocks of bytes, and back.
///
/// Every conversion gives the bytes that ggml's reference functions give on x86-64. They follow it operation
/// by operation: each sum, product and quotient is rounded to 32 bits and taken in ggml's order. That holds on
/// every machine, because Swift never contracts a product and a sum into one fused operation and never
/// reorders float operations; SIMD lanes hold different blocks, so that no sum is split over lanes.
package protocol BlockFormat: Sendable {
    /// The type that this stores.
    static var type: GGMLType { get }

    /// Converts whole rows.
    /// - Parameters:
    ///   - rows: rows after one another; `rowLength` divides its count.
    ///   - rowLength: the number of elements in a row, a multiple of the type's block length.
    ///   - importance: how much an error in each column counts, `rowLength` numbers; empty where nothing is
    ///     known. Types that do not use it ignore it; for those that need it
    ///     (``GGMLType/needsImportance``) none is the same as 1 for each column.
    ///   - output: `type.blockSize` bytes for each block, all of which are written.
    /// Sizes that do not fit one another are a programmer's mistake and trap.
    static func quantize(
        _ rows: Span<Float>, rowLength: Int, importance: Span<Float>, into output: inout MutableSpan<UInt8>)

    /// Converts whole blocks back.
    /// - Parameters:
    ///   - blocks: any bytes, `type.blockSize` for each block: none is an error.
    ///   - output: `type.blockLength` floats for each block, all of which are written.
    static func dequantize(_ blocks: Span<UInt8>, into output: inout MutableSpan<Float>)
}

extension GGMLType {
    /// How floats are stored in this type; `nil` for integers, and for types that only exist while a model
    /// runs (`Q8_1`, `Q8_K`).
    package var format: (any BlockFormat.Type)? {
        switch self {
        case .f32: F32Format.self
        case .f16: F16Format.self
        case .bf16: BF16Format.self
        case .f64: F64Format.self
        case .q40: Q40Format.self
        case .q41: Q41Format.self
        case .q50: Q50Format.self
        case .q51: Q51Format.self
        case .q80: Q80Format.self
        case .q10: Q10Format.self
        case .q20: Q20Format.self
        case .tq10: TQ10Format.self
        case .tq20: TQ20Format.self
        case .mxfp4: MXFP4Format.self
        case .nvfp4: NVFP4Format.self
        case .iq4NL: IQ4NLFormat.self
        case .iq4XS: IQ4XSFormat.self
        case .q2K: Q2KFormat.self
        case .q3K: Q3KFormat.self
        case .q4K: Q4KFormat.self
        case .q5K: Q5KFormat.self
        case .q6K: Q6KFormat.self
        case .iq2XXS: IQ2XXSFormat.self
        case .iq2XS: IQ2XSFormat.self
        case .iq2S: IQ2SFormat.self
        case .iq3XXS: IQ3XXSFormat.self
        case .iq3S: IQ3SFormat.self
        case .iq1S: IQ1SFormat.self
        case .iq1M: IQ1MFormat.self
        default: nil
        }
    }
}
