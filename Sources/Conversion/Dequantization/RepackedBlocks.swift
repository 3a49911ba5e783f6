import Formats
package import Tensors

/// A tensor of 4-bit floats that keeps its numbers: only their bits are put in the order of ggml's blocks.
package struct RepackedBlocks: Hashable, Sendable {
    private let codes: StoredPart
    private let scales: StoredPart
    /// The type of the blocks.
    package let type: GGMLType
    /// The numbers of elements, outermost dimension first.
    package let shape: [Int]

    /// The stored tensors that it is made of.
    package var sources: [Int] { [codes.index, scales.index] }

    /// OpenAI's MXFP4: 16 bytes for 32 numbers, the first of two in the lower half, and an exponent apart.
    init(codes: StoredPart, scales: StoredPart) throws(ConversionError) {
        try codes.check([.u8])
        try scales.check([.u8])
        guard codes.shape.count == 4, codes.shape[3] == 16, codes.shape[2] <= Int.max / 32 else {
            throw codes.wrongShape("which are not blocks of 16 bytes of experts")
        }
        guard scales.shape == Array(codes.shape.dropLast()) else {
            throw scales.wrongShape("not \(Array(codes.shape.dropLast()))")
        }
        (self.codes, self.scales, type) = (codes, scales, .mxfp4)
        shape = [codes.shape[0], codes.shape[1], codes.shape[2] * 32]
    }

    /// The same of one matrix, as DeepSeek has it: half as many bytes as numbers in a row, and exponents apart.
    init(rows codes: StoredPart, scales: StoredPart) throws(ConversionError) {
        try codes.check([.u8, .i8])
        try scales.check([.u8, .f8e8m0])
        guard codes.shape.count == 2, codes.shape[1].isMultiple(of: 16), codes.shape[1] <= Int.max / 2 else {
            throw codes.wrongShape("whose rows are not blocks of 32 numbers")
        }
        guard scales.shape == [codes.shape[0], codes.shape[1] / 16] else {
            throw scales.wrongShape("not \([codes.shape[0], codes.shape[1] / 16])")
        }
        (self.codes, self.scales, type) = (codes, scales, .mxfp4)
        shape = [codes.shape[0], codes.shape[1] * 2]
    }

    /// NVIDIA's NVFP4: 8 bytes for 16 numbers, the first of two in the lower half, and a scale of 8 bits apart.
    init(matrix codes: StoredPart, scales: StoredPart) throws(ConversionError) {
        try codes.check([.u8])
        try scales.check([.f8e4m3])
        guard codes.shape.count == 2, codes.shape[1].isMultiple(of: 32), codes.shape[1] <= Int.max / 2 else {
            throw codes.wrongShape("whose rows are not blocks of 64 numbers")
        }
        guard scales.shape == [codes.shape[0], codes.shape[1] / 8] else {
            throw scales.wrongShape("not \([codes.shape[0], codes.shape[1] / 8])")
        }
        (self.codes, self.scales, type) = (codes, scales, .nvfp4)
        shape = [codes.shape[0], codes.shape[1] * 2]
    }

    /// Makes blocks.
    /// - Parameters:
    ///   - blocks: counted from the first.
    ///   - stored: where the stored tensors' elements are read.
    ///   - bytes: room for exactly these blocks.
    package func read(
        _ blocks: Range<Int>, of stored: some StoredTensors, into bytes: inout MutableSpan<UInt8>
    ) throws {
        // A part has a scale of its own: all of a block of MXFP4, a quarter of NVFP4's.
        let parts = type == .mxfp4 ? 1 : 4
        let size = type.blockLength / 2
        let (codes, scales) = try (
            stored.bytes(blocks.lowerBound * size..<blocks.upperBound * size, of: codes),
            stored.bytes(blocks.lowerBound * parts..<blocks.upperBound * parts, of: scales)
        )
        let (from, factors) = (codes.span, scales.span)
        let (length, half) = (parts &+ size, size / parts / 2)
        // A sign would mean nothing to NVFP4; all bits of MXFP4's are the exponent.
        let mask: UInt8 = type == .mxfp4 ? 0xFF : 0x7F
        for block in 0..<blocks.count {
            var target = bytes._mutatingExtracting(block &* length..<(block &+ 1) &* length)
            for part in 0..<parts {
                target[part] = factors[block &* parts &+ part] & mask
                let start = block &* size &+ part &* half &* 2
                let source = from.extracting(start..<start &+ half &* 2)
                let place = parts &+ part &* half &* 2
                // Numbers 2i and 2i + 1 are in byte i; ggml has a number beside one of the part's other half.
                for index in 0..<half {
                    let (low, high) = (source[index], source[index &+ half])
                    target[place &+ 2 &* index] = low & 15 | high &<< 4
                    target[place &+ 2 &* index &+ 1] = low &>> 4 | high & 0xF0
                }
            }
        }
    }
}
