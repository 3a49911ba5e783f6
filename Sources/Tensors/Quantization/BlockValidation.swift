extension GGMLType {
    /// Finds a block that stands for no numbers: with a scale, a minimum or, in types of plain floats, an
    /// element that is infinite or not a number. What llama.cpp refuses to read or to write, this finds.
    /// - Parameter blocks: whole blocks of the type; what is left after the last is not looked at.
    /// - Returns: the number of the first such block; `nil` if there is none, which is so of all blocks of
    ///   integers and of NVFP4.
    package func firstInvalidBlock(in blocks: Span<UInt8>) -> Int? {
        switch self {
        case .f32: blocks.firstWord { (word: UInt32) in word & 0x7F80_0000 == 0x7F80_0000 }
        case .f16: blocks.firstWord { (word: UInt16) in word & 0x7C00 == 0x7C00 }
        case .bf16: blocks.firstWord { (word: UInt16) in word & 0x7F80 == 0x7F80 }
        // From here on, what would be infinite in 32 bits.
        case .f64: blocks.firstWord { (word: UInt64) in word & UInt64(Int64.max) >= 0x47EF_FFFF_F000_0000 }
        case .mxfp4: first(in: blocks) { $0[0] == 255 }
        case .q8K: first(in: blocks) { $0[2] & 0x80 == 0x80 && $0[3] & 0x7F == 0x7F }
        case .iq1M: first(in: blocks) { $0[53] & 0xC0 == 0xC0 && $0[55] & 0x70 == 0x70 }
        case .i8, .i16, .i32, .i64, .nvfp4: nil
        default:
            switch halves {
            case (let place, 1): first(in: blocks) { $0[place &+ 1] & 0x7C == 0x7C }
            case (let place, _):
                first(in: blocks) { $0[place &+ 1] & 0x7C == 0x7C || $0[place &+ 3] & 0x7C == 0x7C }
            }
        }
    }

    /// Where numbers in binary16 are in a block, one after the other, and how many (ggml-common.h).
    private var halves: (place: Int, count: Int) {
        switch self {
        case .q41, .q51, .q4K, .q5K, .q81: (0, 2)
        case .q2K: (80, 2)
        case .q3K: (108, 1)
        case .q6K: (208, 1)
        case .tq10: (52, 1)
        case .tq20: (64, 1)
        default: (0, 1)
        }
    }

    @inline(__always)
    private func first(in blocks: Span<UInt8>, where isInvalid: (Span<UInt8>) -> Bool) -> Int? {
        let size = blockSize
        for index in 0..<blocks.count / size
        where isInvalid(blocks.extracting(index &* size..<index &* size &+ size)) {
            return index
        }
        return nil
    }
}

extension Span<UInt8> {
    /// The number of the first whole number, little-endian, for which something holds.
    @inline(__always)
    fileprivate func firstWord<Word: FixedWidthInteger & BitwiseCopyable>(
        where isFound: (Word) -> Bool
    ) -> Int? {
        let size = MemoryLayout<Word>.size
        // SAFETY: indices stay below count / size, so that words end within the bytes that the span lends.
        return unsafe withUnsafeBytes { bytes in
            firstPart(of: bytes.count / size) { index in
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index &* size, as: Word.self)
                return isFound(Word(littleEndian: word))
            }
        }
    }
}

/// The first number for which something holds: many are asked without a branch, and again only where one of
/// them is it.
@inline(__always)
private func firstPart(of count: Int, where isFound: (Int) -> Bool) -> Int? {
    let part = 1024
    for start in stride(from: 0, to: count, by: part) {
        let end = min(count, start &+ part)
        var found = 0
        for index in start..<end { found |= isFound(index) ? 1 : 0 }
        if found != 0 { return (start..<end).first(where: isFound) }
    }
    return nil
}
