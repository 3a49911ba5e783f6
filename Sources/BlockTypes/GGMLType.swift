/// The type of a tensor in a GGUF file, with ggml's number for it (ggml.h, `enum ggml_type`).
///
/// Elements are stored in blocks along the first dimension; a row is a whole number of blocks.
package enum GGMLType: UInt32, Sendable, CaseIterable {
    /// Plain numbers, little-endian.
    case f32 = 0, f16 = 1, i8 = 24, i16 = 25, i32 = 26, i64 = 27, f64 = 28, bf16 = 30
    /// Blocks of 32 with a scale, and a minimum where the name ends in 1: `q41` is Q4_1.
    case q40 = 2, q41 = 3, q50 = 6, q51 = 7, q80 = 8, q81 = 9
    /// Super-blocks of 256: `q4K` is Q4_K.
    case q2K = 10, q3K = 11, q4K = 12, q5K = 13, q6K = 14, q8K = 15
    /// Super-blocks of 256 with codebooks; but `iq4XS` and `iq4NL`, which has blocks of 32, have levels from
    /// a table.
    case iq2XXS = 16, iq2XS = 17, iq3XXS = 18, iq1S = 19, iq4NL = 20, iq3S = 21, iq2S = 22, iq4XS = 23
    /// The codebook of `iq1S`, with a scale for 16 elements in place of 32.
    case iq1M = 29
    /// Ternary; floats of four bits, with a power of two for 32 and with a scale for 16; one and two bits.
    case tq10 = 34, tq20 = 35, mxfp4 = 39, nvfp4 = 40, q10 = 41, q20 = 42

    /// ggml's name for the type, as `Q4_K`.
    package var name: String { layout.name }
    /// The number of elements in a block; 1 for plain numbers.
    package var blockLength: Int { layout.elements }
    /// The size of a block in bytes.
    package var blockSize: Int { layout.bytes }

    /// Whether the type is made for tensors of which it is known how much each column counts (ggml.c,
    /// `ggml_quantize_requires_imatrix`); the reference stops where that is missing. ``BlockFormat/quantize``
    /// takes all columns to count the same, which is for callers to refuse.
    package var needsImportance: Bool {
        switch self {
        case .iq1S, .iq2XXS, .iq2XS: true
        default: false
        }
    }

    /// The type of a name as ``name`` gives it, whatever the case of its letters; `nil` if there is none.
    package init?(name: String) {
        let name = name.uppercased()
        guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    /// The size in bytes of a tensor.
    /// - Parameter dimensions: the numbers of elements, the fastest varying first, as GGUF has them; none
    ///   for a single element.
    /// - Returns: `nil` where a row is not a whole number of blocks, a dimension is negative, or the size
    ///   passes `Int.max`.
    package func byteCount(dimensions: [Int]) -> Int? {
        guard (dimensions.first ?? 1).isMultiple(of: blockLength) else { return nil }
        var elements = 1
        for dimension in dimensions {
            let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { return nil }
            elements = product
        }
        let (bytes, overflow) = (elements / blockLength).multipliedReportingOverflow(by: blockSize)
        return overflow ? nil : bytes
    }

    /// Numbers that ggml once gave to types that no program reads any more: Q4_2, Q4_3 and the
    /// interleaved Q4_0_4_4, Q4_0_4_8, Q4_0_8_8, IQ4_NL_4_4, IQ4_NL_4_8, IQ4_NL_8_8.
    package static let removedNumbers: [UInt32] = [4, 5, 31, 32, 33, 36, 37, 38]

    private var layout: (name: String, elements: Int, bytes: Int) {
        switch self {
        case .f32: ("F32", 1, 4)
        case .f16: ("F16", 1, 2)
        case .i8: ("I8", 1, 1)
        case .i16: ("I16", 1, 2)
        case .i32: ("I32", 1, 4)
        case .i64: ("I64", 1, 8)
        case .f64: ("F64", 1, 8)
        case .bf16: ("BF16", 1, 2)
        case .q40: ("Q4_0", 32, 18)
        case .q41: ("Q4_1", 32, 20)
        case .q50: ("Q5_0", 32, 22)
        case .q51: ("Q5_1", 32, 24)
        case .q80: ("Q8_0", 32, 34)
        case .q81: ("Q8_1", 32, 36)
        case .q2K: ("Q2_K", 256, 84)
        case .q3K: ("Q3_K", 256, 110)
        case .q4K: ("Q4_K", 256, 144)
        case .q5K: ("Q5_K", 256, 176)
        case .q6K: ("Q6_K", 256, 210)
        case .q8K: ("Q8_K", 256, 292)
        case .iq2XXS: ("IQ2_XXS", 256, 66)
        case .iq2XS: ("IQ2_XS", 256, 74)
        case .iq3XXS: ("IQ3_XXS", 256, 98)
        case .iq1S: ("IQ1_S", 256, 50)
        case .iq4NL: ("IQ4_NL", 32, 18)
        case .iq3S: ("IQ3_S", 256, 110)
        case .iq2S: ("IQ2_S", 256, 82)
        case .iq4XS: ("IQ4_XS", 256, 136)
        case .iq1M: ("IQ1_M", 256, 56)
        case .tq10: ("TQ1_0", 256, 54)
        case .tq20: ("TQ2_0", 256, 66)
        case .mxfp4: ("MXFP4", 32, 17)
        case .nvfp4: ("NVFP4", 64, 36)
        case .q10: ("Q1_0", 128, 18)
        case .q20: ("Q2_0", 64, 18)
        }
    }
}
