import Tensors

/// A tensor of 4-bit floats that keeps its numbers: only their bits are put in the order of ggml's blocks.
public struct RepackedBlocks: Hashable, Sendable {
    private let codes: StoredPart
    private let scales: StoredPart
    /// The numbers of elements, outermost dimension first.
    public let shape: [Int]

    /// The stored tensors that it is made of.
    public var sources: [Int] { [codes.index, scales.index] }

    /// OpenAI's MXFP4: 16 bytes for 32 numbers, the first of two in the lower half, and an exponent apart.
    init(codes: StoredPart, scales: StoredPart) throws(ConversionError) {
        try codes.check([.u8])
        try scales.check([.u8])
        guard codes.shape.count == 4, codes.shape[3] == 16, codes.shape[2] <= Int.max / 32 else {
            throw codes.wrongShape("which are no blocks of 16 bytes of experts")
        }
        guard scales.shape == Array(codes.shape.dropLast()) else {
            throw scales.wrongShape("not \(Array(codes.shape.dropLast()))")
        }
        (self.codes, self.scales) = (codes, scales)
        shape = [codes.shape[0], codes.shape[1], codes.shape[2] * 32]
    }

    /// Makes blocks.
    /// - Parameters:
    ///   - blocks: counted from the first.
    ///   - stored: where the stored tensors' elements are read.
    ///   - bytes: room for exactly these blocks.
    public func read(
        _ blocks: Range<Int>, of stored: some StoredTensors, into bytes: inout MutableSpan<UInt8>
    ) throws {
        let (codes, scales) = try (
            stored.bytes(blocks.lowerBound * 16..<blocks.upperBound * 16, of: codes),
            stored.bytes(blocks, of: scales)
        )
        let (from, exponents) = (codes.span, scales.span)
        for block in 0..<blocks.count {
            let source = from.extracting(block &* 16..<block &* 16 &+ 16)
            var target = bytes._mutatingExtracting(block &* 17..<block &* 17 &+ 17)
            target[0] = exponents[block]
            // Numbers 2i and 2i + 1 are in byte i; ggml has number i beside number 16 + i.
            for index in 0..<8 {
                let (low, high) = (source[index], source[index &+ 8])
                target[1 &+ 2 &* index] = low & 15 | high &<< 4
                target[2 &+ 2 &* index] = low &>> 4 | high & 0xF0
            }
        }
    }
}
