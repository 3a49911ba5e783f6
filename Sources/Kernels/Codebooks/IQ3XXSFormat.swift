import BlockTypes

/// 3.06 bits an element: 256 words of four, even signs, four bits of scale for 32 elements.
///
/// Layout: the scale; the words' numbers; 32 bits for each sub-block: seven signs for every two words, the
/// first words' the lowest, and above them the sub-block's scale.
enum IQ3XXSFormat: SignedCodebookFormat {
    typealias Shape = OctalWord
    static var type: GGMLType { .iq3XXS }
    static var codebook: Codebook { .iq3XXS }
    static var index: CodebookIndex { .iq3XXS }
    static var magnitudes: [8 of Float] { [4, 12, 20, 28, 36, 44, 52, 62] }
    static var rules: SignedCodebookRules {
        SignedCodebookRules(
            subBlock: 32, evenSigns: true, meanSquareFactor: 2, weighting: .square, smallest: 1e-8,
            trials: -15...15, step: 0.2, refinement: .missed, scaleFactor: 1.0125,
            keepsWordsWithoutScale: false)
    }

    @inline(__always)
    static func scale(_ scale: Float, bits: UInt8) -> Float { scale * (0.5 + Float(bits)) * 0.5 }

    @inline(__always)
    static func pack(_ block: SignedCodebookBlock, into output: inout MutableSpan<UInt8>) {
        output.store(block.scale, at: 0)
        for word in 0..<64 { output[2 &+ word] = UInt8(truncatingIfNeeded: block.words[word]) }
        for part in 0..<8 {
            var signs = UInt32(block.scales[part]) &<< 28
            for byte in 0..<4 { signs |= UInt32(block.signs[4 &* part &+ byte]) &<< UInt32(7 &* byte) }
            output.store(signs, at: 66 &+ 4 &* part)
        }
    }

    @inline(__always)
    static func unpack(_ bytes: Span<UInt8>, into block: inout SignedCodebookBlock) {
        block.scale = bytes.uint16(at: 0)
        for word in 0..<64 { block.words[word] = UInt16(bytes[2 &+ word]) }
        for part in 0..<8 {
            let signs = bytes.uint32(at: 66 &+ 4 &* part)
            block.scales[part] = UInt8(truncatingIfNeeded: signs &>> 28)
            for byte in 0..<4 {
                let seven = UInt8(truncatingIfNeeded: signs &>> UInt32(7 &* byte)) & 127
                block.signs[4 &* part &+ byte] = withEvenSigns(seven)
            }
        }
    }
}
