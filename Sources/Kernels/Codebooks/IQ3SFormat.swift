import BlockTypes

/// 3.44 bits an element: 512 words of four, all signs, four bits of scale for 32 elements.
///
/// Layout: the scale; the lower eight bits of each word's number; the upper bit of each, eight words in a
/// byte; the signs, a byte for every two words; the sub-blocks' scales, the first of two in the lower four
/// bits.
enum IQ3SFormat: SignedCodebookFormat {
    typealias Shape = OctalWord
    static var type: GGMLType { .iq3S }
    static var codebook: Codebook { .iq3S }
    static var index: CodebookIndex { .iq3S }
    static var magnitudes: [8 of Float] { [1, 3, 5, 7, 9, 11, 13, 15] }
    static var rules: SignedCodebookRules {
        SignedCodebookRules(
            subBlock: 32, evenSigns: false, meanSquareFactor: 2, weighting: .square,
            smallest: .leastNonzeroMagnitude, trials: -9...9, step: 0.2, refinement: .allIfAnyMissed,
            scaleFactor: 1.033, keepsWordsWithoutScale: true)
    }

    @inline(__always)
    static func scale(_ scale: Float, bits: UInt8) -> Float { scale * Float(1 + 2 * Int32(bits)) }

    /// ggml does not move on past a sub-block that is zero: the lower bits and the signs of those that follow
    /// come one sub-block earlier, though the upper bits and scales are where they belong. Files made by it
    /// are so, and the same bytes are made here.
    @inline(__always)
    static func pack(_ block: SignedCodebookBlock, into output: inout MutableSpan<UInt8>) {
        for i in output.indices { output[i] = 0 }
        output.store(block.scale, at: 0)
        var place = 0
        for part in 0..<8 {
            var upper: UInt16 = 0
            for word in 0..<8 { upper |= (block.words[8 &* part &+ word] &>> 8) &<< UInt16(word) }
            output[66 &+ part] = UInt8(truncatingIfNeeded: upper)
            if part % 2 == 0 {
                output[106 &+ part / 2] = block.scales[part] | block.scales[part &+ 1] &<< 4
            }
            guard block.zeros &>> UInt16(part) & 1 == 0 else { continue }
            for word in 0..<8 {
                output[2 &+ 8 &* place &+ word] = UInt8(
                    truncatingIfNeeded: block.words[8 &* part &+ word])
            }
            for byte in 0..<4 {
                output[74 &+ 4 &* place &+ byte] = block.signs[4 &* part &+ byte]
            }
            place &+= 1
        }
    }

    @inline(__always)
    static func unpack(_ bytes: Span<UInt8>, into block: inout SignedCodebookBlock) {
        block.scale = bytes.uint16(at: 0)
        for word in 0..<64 {
            let upper = bytes[66 &+ word / 8] &>> UInt8(word % 8) & 1
            block.words[word] = UInt16(bytes[2 &+ word]) | UInt16(upper) &<< 8
        }
        for byte in 0..<32 { block.signs[byte] = bytes[74 &+ byte] }
        for part in 0..<8 {
            block.scales[part] = bytes[106 &+ part / 2] &>> UInt8(4 &* (part % 2)) & 15
        }
    }
}
