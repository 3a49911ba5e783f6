extension GGMLType {
    /// Finds a block that stands for no numbers, as ``NumberKernels/firstInvalidBlock(of:in:)`` does.
    package func firstInvalidBlock(in blocks: Span<UInt8>) -> Int? {
        ProcessorLevel.current.kernels.numbers.firstInvalidBlock(of: self, in: blocks)
    }
}

extension Span<Float> {
    /// The place of the first number that is infinite or not a number.
    package var firstNotFinite: Int? {
        ProcessorLevel.current.kernels.numbers.firstMagnitude(in: self, from: 0x7F80_0000, below: .max)
    }
}
