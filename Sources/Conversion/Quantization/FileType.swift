/// llama-quantize's types and mixtures, by the number that `general.file_type` has for them (llama.h,
/// `enum llama_ftype`).
package enum FileType: UInt32, CaseIterable {
    /// Plain numbers, and blocks of 32: `q40` is Q4_0.
    case f32 = 0, f16 = 1, q40 = 2, q41 = 3, q80 = 7, q50 = 8, q51 = 9
    /// Mixtures of the types with super-blocks of 256, the last letter for the size: `q3KM` is Q3_K_M.
    case q2K = 10, q3KS = 11, q3KM = 12, q3KL = 13, q4KS = 14, q4KM = 15, q5KS = 16, q5KM = 17, q6K = 18
    /// Mixtures of types with codebooks: `iq2XXS` is IQ2_XXS; and Q2_K_S, whose number is among theirs.
    case iq2XXS = 19, iq2XS = 20, q2KS = 21, iq3XS = 22, iq3XXS = 23, iq1S = 24, iq4NL = 25, iq3S = 26
    /// More mixtures with codebooks, and plain BF16.
    case iq3M = 27, iq2S = 28, iq2M = 29, iq4XS = 30, iq1M = 31, bf16 = 32
    /// Ternary types, MXFP4 for the experts alone, and blocks of one and two bits.
    case tq10 = 36, tq20 = 37, mxfp4MoE = 38, q10 = 40, q20 = 41

    /// Whether it is of the mixtures below about 2.7 bits per weight, which have rules of their own.
    var isVeryLow: Bool {
        switch self {
        case .iq1S, .iq1M, .iq2XXS, .iq2XS, .iq2S, .iq2M: true
        default: false
        }
    }

    /// Whether it is one of the two largest of the very low mixtures.
    var isUpperVeryLow: Bool { self == .iq2S || self == .iq2M }
}
