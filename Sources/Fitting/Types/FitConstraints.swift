package import Tensors

/// What a fit may not do, whatever it would save.
package struct FitConstraints: Hashable, Sendable {
    /// The bits for a weight that token embeddings and output get at least, by a type that has them; `nil` for any. See
    /// ``floor(columns:)``.
    package var floor: GGMLType? = .q6K
    /// Whether types with codebooks are left out, which processors decode slowly.
    package var isForCPU = false
    /// Whether a block's query, key and value get one type, and its gate and up: for programs that fuse them.
    package var isFused = false

    /// The usual constraints.
    package init() {}

    /// Goes up whenever the same constraints allow other types.
    package static let version = 2

    /// The least that token embeddings and output get whose rows have so many elements; `nil` for anything.
    ///
    /// Rows that do not divide into Q6_K's blocks could have nothing between its bits and Q8_0's. Q5_1, which is next to
    /// it, costs less than what Q8_0 takes from all other tensors: docs/fit.md has the figures.
    package func floor(columns: Int) -> GGMLType? {
        guard let floor, floor == .q6K, !columns.isMultiple(of: floor.blockLength) else { return floor }
        return .q51
    }

    /// The types that a tensor may get, from the fewest bits to the most; of types that have the same bits those that
    /// are more common come first.
    package static let types: [GGMLType] = [
        .q10, .iq1S, .tq10, .iq1M, .iq2XXS, .tq20, .q20, .iq2XS, .iq2S, .q2K, .iq3XXS, .q3K, .iq3S, .iq4XS,
        .mxfp4, .q4K, .q40, .iq4NL, .q41, .q5K, .q50, .q51, .q6K, .q80, .f16, .bf16, .f32,
    ]

    /// Types with codebooks: an element is looked up with others in a table of hundreds of rows.
    static let codebookTypes: [GGMLType] = [
        .iq1S, .iq1M, .iq2XXS, .iq2XS, .iq2S, .iq3XXS, .iq3S,
    ]
}

extension GGMLType {
    /// The bits for a thousand weights, with scales.
    package var millibits: Int { blockSize * 8000 / blockLength }
}
