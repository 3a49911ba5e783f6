import BlockTypes

extension NumberChecks {
    static func firstInvalidBlock(of type: GGMLType, in blocks: Span<UInt8>) -> Int? {
        switch type {
        case .f32: blocks.firstMagnitude(from: 0x7F80_0000 as UInt32)
        case .f16: blocks.firstMagnitude(from: 0x7C00 as UInt16)
        case .bf16: blocks.firstMagnitude(from: 0x7F80 as UInt16)
        // From here on, what would be infinite in 32 bits.
        case .f64: blocks.firstMagnitude(from: 0x47EF_FFFF_F000_0000 as UInt64)
        case .mxfp4: first(of: type, in: blocks) { $0[0] == 255 }
        case .q8K: first(of: type, in: blocks) { $0[2] & 0x80 == 0x80 && $0[3] & 0x7F == 0x7F }
        case .iq1M: first(of: type, in: blocks) { $0[53] & 0xC0 == 0xC0 && $0[55] & 0x70 == 0x70 }
        case .i8, .i16, .i32, .i64, .nvfp4: nil
        default:
            switch halves(of: type) {
            case (let place, 1): first(of: type, in: blocks) { $0[place &+ 1] & 0x7C == 0x7C }
            case (let place, _):
                first(of: type, in: blocks) { $0[place &+ 1] & 0x7C == 0x7C || $0[place &+ 3] & 0x7C == 0x7C }
            }
        }
    }

    /// Where numbers in binary16 are in a block, one after the other, and how many (ggml-common.h).
    private static func halves(of type: GGMLType) -> (place: Int, count: Int) {
        switch type {
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
    private static func first(
        of type: GGMLType, in blocks: Span<UInt8>, where isInvalid: (Span<UInt8>) -> Bool
    ) -> Int? {
        let size = type.blockSize
        for index in 0..<blocks.count / size
        where isInvalid(blocks.extracting(index &* size..<index &* size &+ size)) {
            return index
        }
        return nil
    }
}

extension Span<UInt8> {
    /// The number of the first float, little-endian, whose bits without the sign are at least a limit.
    ///
    /// Many are asked without a branch, and again only where one of them is it: what has to be added to the limit to
    /// carry into the sign's place carries for no other.
    @inline(__always)
    fileprivate func firstMagnitude<Word: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        from limit: Word
    ) -> Int? {
        let (size, part) = (MemoryLayout<Word>.size, 1024)
        let count = count / size
        let sign: Word = 1 << Word(truncatingIfNeeded: Word.bitWidth - 1)
        // SAFETY: indices stay below count / size, so that words end within the bytes that the span lends.
        return unsafe withUnsafeBytes { bytes in
            func word(_ index: Int) -> Word {
                let word = unsafe bytes.loadUnaligned(fromByteOffset: index &* size, as: Word.self)
                return (Word(littleEndian: word) & ~sign) &+ (sign &- limit)
            }
            for start in Swift.stride(from: 0, to: count, by: part) {
                let end = Swift.min(count, start &+ part)
                var found: Word = 0
                for index in start..<end { found |= word(index) }
                if found & sign != 0 { return (start..<end).first { word($0) & sign != 0 } }
            }
            return nil
        }
    }
}
