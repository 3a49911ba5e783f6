/// The kernels as they are compiled for one level of processors; every level gives the same bytes.
package struct KernelSet: Sendable {
    /// 32-bit floats as they are.
    package let f32: any BlockFormat.Type
    /// IEEE 754 binary16.
    package let f16: any BlockFormat.Type
    /// The upper halves of 32-bit floats.
    package let bf16: any BlockFormat.Type
    /// 64-bit floats.
    package let f64: any BlockFormat.Type
    /// What looks at numbers.
    package let numbers: any NumberKernels.Type
    /// How floats are stored in a type; `nil` for integers, and for types that only exist while a model runs (`Q8_1`,
    /// `Q8_K`).
    package let format: @Sendable (GGMLType) -> (any BlockFormat.Type)?

    /// Kernels of one module.
    package init(
        f32: any BlockFormat.Type, f16: any BlockFormat.Type, bf16: any BlockFormat.Type,
        f64: any BlockFormat.Type, numbers: any NumberKernels.Type,
        format: @escaping @Sendable (GGMLType) -> (any BlockFormat.Type)?
    ) {
        self.f32 = f32
        self.f16 = f16
        self.bf16 = bf16
        self.f64 = f64
        self.numbers = numbers
        self.format = format
    }
}
