import BlockTypes

/// 2.31 bits an element: 512 words of eight, even signs, four bits of scale for 16 elements.
///
/// Layout: the scale; sixteen bits for each word, its number below seven signs; the sub-blocks' scales, the
/// first of two in the lower four bits.
enum IQ2XSFormat: SignedCodebookFormat {
    typealias Shape = TernaryWord
    static var type: GGMLType { .iq2XS }
    static var codebook: Codebook { .iq2XS }
    static var index: CodebookIndex { .iq2XS }
    static var magnitudes: [8 of Float] { IQ2XXSFormat.magnitudes }
    static var rules: SignedCodebookRules {
        SignedCodebookRules(
            subBlock: 16, evenSigns: true, meanSquareFactor: 1, weighting: .evenImportance, smallest: 1e-15,
            trials: -9...9, step: 0.1, refinement: .missed, scaleFactor: 1, keepsWordsWithoutScale: false)
    }

    @inline(__always)
    static func scale(_ scale: Float, bits: UInt8) -> Float { IQ2XXSFormat.scale(scale, bits: bits) }

    @inline(__always)
    static func pack(_ block: SignedCodebookBlock, into output: inout MutableSpan<UInt8>) {
        output.store(block.scale, at: 0)
        for word in 0..<32 {
            output.store(block.words[word] | UInt16(block.signs[word]) &<< 9, at: 2 &+ 2 &* word)
        }
        for pair in 0..<8 {
            output[66 &+ pair] = block.scales[2 &* pair] | block.scales[2 &* pair &+ 1] &<< 4
        }
    }

    @inline(__always)
    static func unpack(_ bytes: Span<UInt8>, into block: inout SignedCodebookBlock) {
        block.scale = bytes.uint16(at: 0)
        for word in 0..<32 {
            let bits = bytes.uint16(at: 2 &+ 2 &* word)
            block.words[word] = bits & 511
            block.signs[word] = withEvenSigns(UInt8(truncatingIfNeeded: bits &>> 9))
        }
        for pair in 0..<8 {
            block.scales[2 &* pair] = bytes[66 &+ pair] & 15
            block.scales[2 &* pair &+ 1] = bytes[66 &+ pair] &>> 4
        }
    }
}
