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
