package import BlockTypes

/// All kernels, compiled for the processors that this module is for.
package let kernels = KernelSet(
    f32: F32Format.self, f16: F16Format.self, bf16: BF16Format.self, f64: F64Format.self,
    numbers: NumberChecks.self, format: { format(of: $0) })

private func format(of type: GGMLType) -> (any BlockFormat.Type)? {
    switch type {
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
