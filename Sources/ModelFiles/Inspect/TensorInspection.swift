import Storage
package import Tensors

/// What the numbers of one tensor are like.
package struct TensorInspection: Equatable, Sendable {
    /// Count, range, mean and spread.
    package let summary: NumberSummary
    /// The finite numbers in twenty ranges; `nil` if there is none.
    package let histogram: Histogram?

    /// The ranges of the histogram.
    private static let bins = 20
    /// About how many elements are read at a time.
    private static let slabLength = 1 << 18

    /// Reads a tensor twice, from front to back: for the range, then for the histogram.
    /// - Parameter tensor: one of the model's, of a numeric type.
    package static func read(of tensor: TensorModel.Tensor, in model: TensorModel) throws -> TensorInspection
    {
        try TensorInspection(of: tensor, in: model)
    }

    private init(of tensor: TensorModel.Tensor, in model: TensorModel) throws {
        var summary = NumberSummary()
        try TensorInspection.forEachSlab(of: tensor, in: model) { summary.add($0) }
        self.summary = summary
        guard summary.finiteCount > 0 else {
            histogram = nil
            return
        }
        var histogram = Histogram(from: summary.minimum, to: summary.maximum, bins: TensorInspection.bins)
        try TensorInspection.forEachSlab(of: tensor, in: model) { histogram.add($0) }
        self.histogram = histogram
    }

    private static func forEachSlab(
        of tensor: TensorModel.Tensor, in model: TensorModel, _ body: (Span<Float>) -> Void
    ) throws {
        var floats = [Float](repeating: 0, count: min(slabLength, tensor.count))
        var bytes: [UInt8] = []
        var start = 0
        while start < tensor.count {
            if Task.isCancelled { throw ReadFailure.cancelled }
            let end = min(start + slabLength, tensor.count)
            var all = floats.mutableSpan
            var room = all._mutatingExtracting(0..<end - start)
            try model.read(start..<end, of: tensor, scratch: &bytes, into: &room)
            body(room.span)
            start = end
        }
    }
}
