import BlockTypes

/// A format that stores the signs of 256 elements, and their magnitudes as words of a codebook with a scale
/// for each sub-block: IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS and IQ3_S.
///
/// An element is its sign times its sub-block's scale times the odd number that its level stands for. A
/// sub-block is converted by trying scales (``SubBlockSearch``).
protocol SignedCodebookFormat: ScalarBlockFormat {
    /// The words' length and levels.
    associatedtype Shape: CodewordShape
    /// The words of the format, by number.
    static var codebook: Codebook { get }
    /// The numbers of all combinations of levels, and the words near to those that are none; computed once.
    static var index: CodebookIndex { get }
    /// How ggml searches for this format.
    static var rules: SignedCodebookRules { get }
    /// What the magnitudes of the levels are when the block's scale is 1 and the sub-block's 0.
    static var magnitudes: [8 of Float] { get }

    /// The scale that trial scales start from: the magnitude that gets the highest level, and the scale to
    /// keep if no trial scale is any good; `nil` if all elements are to be zero.
    static func firstScale(
        largest: Float, values: Span<Float>, weights: Span<Float>
    ) -> (extent: Float, scale: Float)?

    /// The sub-block's scale from that of the block, and the sub-block's four bits.
    static func scale(_ scale: Float, bits: UInt8) -> Float
    /// Lays a block out.
    static func pack(_ block: SignedCodebookBlock, into output: inout MutableSpan<UInt8>)
    /// Reads a block that may hold any bytes.
    static func unpack(_ bytes: Span<UInt8>, into block: inout SignedCodebookBlock)
}

/// What a block holds, wherever its format puts it.
struct SignedCodebookBlock {
    /// The bits of the half-precision scale.
    var scale: UInt16 = 0
    /// Four bits for each sub-block of 32 or 16.
    var scales: [16 of UInt8] = .init(repeating: 0)
    /// The numbers of the words, each of eight or four elements.
    var words: [64 of UInt16] = .init(repeating: 0)
    /// A bit for each element that is negative, the first the lowest.
    var signs: [32 of UInt8] = .init(repeating: 0)
    /// A bit for each sub-block that is zero, for which nothing was searched.
    var zeros: UInt16 = 0
}

/// In what the types differ.
struct SignedCodebookRules {
    /// 16 or 32.
    var subBlock: Int
    /// Whether a byte's eight signs have an even number of negatives, so that seven of them tell the last.
    var evenSigns: Bool
    /// The mean square of the block is taken this many times where it weighs elements.
    var meanSquareFactor: Float
    /// The weights of elements without importances.
    var weighting: Weighting
    /// Sub-blocks whose largest magnitude is below this are zero.
    var smallest: Float
    /// The trial scales are those that make the largest magnitude the highest odd number plus these steps.
    var trials: ClosedRange<Int>
    /// The length of one of these steps, on the scale of the odd numbers.
    var step: Float
    /// Which words are chosen anew when the scale is known.
    var refinement: Refinement
    /// The stored scale is a little off the computed one, which makes the error smaller.
    var scaleFactor: Float
    /// Whether a block whose scales are all zero keeps the words and signs that were found.
    var keepsWordsWithoutScale: Bool

    /// How much each element's error counts.
    enum Weighting {
        /// As if all importances were 1.
        case evenImportance
        /// The square of the element.
        case square
        /// The square of the element and a quarter of the mean square.
        case squareAndQuarterOfMean
    }

    /// Which words are looked for again with the scale that was found.
    enum Refinement {
        /// All words.
        case all
        /// All words if any of them was not in the codebook at the best trial scale.
        case allIfAnyMissed
        /// The words that were not in the codebook at the best trial scale.
        case missed
    }
}
