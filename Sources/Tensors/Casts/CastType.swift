/// A type that floating-point tensors can be cast to; the raw value is what manifests and options call it.
package enum CastType: String, Sendable, CaseIterable {
    /// IEEE 754 binary16.
    case f16
    /// The upper half of an `f32`.
    case bf16
    /// IEEE 754 binary32.
    case f32

    /// The type as safetensors headers name it.
    package var dtype: DType {
        switch self {
        case .f16: .f16
        case .bf16: .bf16
        case .f32: .f32
        }
    }

    /// The type as torch, and with it a `config.json`, names it.
    package var torchName: String {
        switch self {
        case .f16: "float16"
        case .bf16: "bfloat16"
        case .f32: "float32"
        }
    }

    /// Whether a cast changes tensors of a type: the floating-point types of 16 bits and more. Integers, truth
    /// values, complex numbers and the types below 16 bits, which mean nothing without their scales, stay.
    package static func isCast(_ dtype: DType) -> Bool {
        switch dtype {
        case .f16, .bf16, .f32, .f64: true
        default: false
        }
    }
}
