import BlockTypes

/// 2.56 bits an element: 1024 words of eight, all signs, four bits of scale for 16 elements.
///
/// Layout: the scale; the lower eight bits of each word's number; each word's signs; two upper bits of each
/// word's number, four words in a byte; the sub-blocks' scales, the first of two in the lower four bits.
enum IQ2SFormat: SignedCodebookFormat {
    typealias Shape = TernaryWord
    static var type: GGMLType { .iq2S }
    static var codebook: Codebook { .iq2S }
    static var index: CodebookIndex { .iq2S }
    static var magnitudes: [8 of Float] { IQ2XXSFormat.magnitudes }
    static var rules: SignedCodebookRules {
        SignedCodebookRules(
            subBlock: 16, evenSigns: false, meanSquareFactor: 2, weighting: .squareAndQuarterOfMean,
            smallest: 1e-8, trials: -9...9, step: 0.1, refinement: .missed, scaleFactor: 0.9875,
            keepsWordsWithoutScale: true)
    }

    @inline(__always)
    static func scale(_ scale: Float, bits: UInt8) -> Float { IQ2XXSFormat.scale(scale, bits: bits) }

    @inline(__always)
    static func pack(_ block: SignedCodebookBlock, into output: inout MutableSpan<UInt8>) {
        output.store(block.scale, at: 0)
        for word in 0..<32 {
            output[2 &+ word] = UInt8(truncatingIfNeeded: block.words[word])
            output[34 &+ word] = block.signs[word]
        }
        for byte in 0..<8 {
            var upper: UInt16 = 0
            for word in 0..<4 { upper |= (block.words[4 &* byte &+ word] &>> 8) &<< UInt16(2 &* word) }
            output[66 &+ byte] = UInt8(truncatingIfNeeded: upper)
            output[74 &+ byte] = block.scales[2 &* byte] | block.scales[2 &* byte &+ 1] &<< 4
        }
    }

    @inline(__always)
    static func unpack(_ bytes: Span<UInt8>, into block: inout SignedCodebookBlock) {
        block.scale = bytes.uint16(at: 0)
        for word in 0..<32 {
            let upper = bytes[66 &+ word / 4] &>> UInt8(2 &* (word % 4)) & 3
            block.words[word] = UInt16(bytes[2 &+ word]) | UInt16(upper) &<< 8
            block.signs[word] = bytes[34 &+ word]
        }
        for pair in 0..<8 {
            block.scales[2 &* pair] = bytes[74 &+ pair] & 15
            block.scales[2 &* pair &+ 1] = bytes[74 &+ pair] &>> 4
        }
    }
}
