import BlockTypes

/// 2.06 bits an element: 256 words of eight, even signs, four bits of scale for 32 elements.
///
/// Layout: the scale; for each sub-block the four words' numbers, then 32 bits: seven signs for each word, the
/// first word's the lowest, and above them the sub-block's scale.
enum IQ2XXSFormat: SignedCodebookFormat {
    typealias Shape = TernaryWord
    static var type: GGMLType { .iq2XXS }
    static var codebook: Codebook { .iq2XXS }
    static var index: CodebookIndex { .iq2XXS }
    static var magnitudes: [8 of Float] { [8, 25, 43, 0, 0, 0, 0, 0] }
    static var rules: SignedCodebookRules {
        SignedCodebookRules(
            subBlock: 32, evenSigns: true, meanSquareFactor: 1, weighting: .evenImportance, smallest: 1e-15,
            trials: -6...6, step: 0.1, refinement: .all, scaleFactor: 1, keepsWordsWithoutScale: false)
    }

    @inline(__always)
    static func scale(_ scale: Float, bits: UInt8) -> Float { scale * (0.5 + Float(bits)) * 0.25 }

    /// Trial scales start from the scale that fits levels 0 to 4 best.
    @inline(__always)
    static func firstScale(
        largest: Float, values: Span<Float>, weights: Span<Float>
    ) -> (extent: Float, scale: Float)? {
        let scale = evenScale(values, weights: weights)
        let extent = scale * 3
        return extent <= 0 ? nil : (extent, scale)
    }

    @inline(__always)
    static func pack(_ block: SignedCodebookBlock, into output: inout MutableSpan<UInt8>) {
        output.store(block.scale, at: 0)
        for part in 0..<8 {
            let place = 2 &+ 8 &* part
            var signs = UInt32(block.scales[part]) &<< 28
            for word in 0..<4 {
                output[place &+ word] = UInt8(truncatingIfNeeded: block.words[4 &* part &+ word])
                signs |= UInt32(block.signs[4 &* part &+ word]) &<< UInt32(7 &* word)
            }
            output.store(signs, at: place &+ 4)
        }
    }

    @inline(__always)
    static func unpack(_ bytes: Span<UInt8>, into block: inout SignedCodebookBlock) {
        block.scale = bytes.uint16(at: 0)
        for part in 0..<8 {
            let place = 2 &+ 8 &* part
            let signs = bytes.uint32(at: place &+ 4)
            block.scales[part] = UInt8(truncatingIfNeeded: signs &>> 28)
            for word in 0..<4 {
                block.words[4 &* part &+ word] = UInt16(bytes[place &+ word])
                let seven = UInt8(truncatingIfNeeded: signs &>> UInt32(7 &* word)) & 127
                block.signs[4 &* part &+ word] = withEvenSigns(seven)
            }
        }
    }
}
