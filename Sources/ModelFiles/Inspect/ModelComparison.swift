package import Manifests
import Storage
package import Tensors

/// How far one model's numbers are from another's, tensor by tensor.
package struct ModelComparison: Sendable {
    /// What came of one pair of tensors.
    package struct Result: Sendable {
        /// The tensor of the original.
        package let original: TensorModel.Tensor
        /// The tensor that stands for it.
        package let other: TensorModel.Tensor
        /// The expert of a stack, where one side has experts one by one.
        package let expert: Int?
        /// The difference.
        package let difference: NumberDifference

        /// The original's name, with the expert where only the other side names it.
        package var name: String { original.name }
    }

    /// The pairs, in the order of the original's tensors.
    package let results: [Result]
    /// Names that only the original has, or whose numbers are in another order in the other model.
    package let onlyInOriginal: [String]
    /// Names that only the other model has.
    package let onlyInOther: [String]
    /// Names of the original's tensors that found their like between formats, of which the numbers look like
    /// others, or the same in an order that is not known: their errors say nothing, and count nowhere.
    package let unlike: [String]
    /// All pairs of ``results`` together.
    package let total: NumberDifference

    /// Compares two models of either format; where the formats differ, names and layouts are mapped.
    /// - Parameters:
    ///   - original: what is right.
    ///   - other: what was made of it.
    package static func compare(
        of original: TensorModel, with other: TensorModel, progress: @escaping ProgressHandler
    ) async throws -> ModelComparison {
        try await ModelComparison(of: original, with: other, progress: progress)
    }

    private init(
        of original: TensorModel, with other: TensorModel, progress: @escaping ProgressHandler
    ) async throws {
        let pairing = TensorPairing(original, other)
        let pairs = pairing.pairs
        progress(
            .began(stage: "comparing", files: pairs.count, bytes: pairs.reduce(0) { $0 &+ $1.size }))
        let differences = try await Parallel.map(pairs, largestFirst: \.size) { pair, _ in
            defer { progress(.finished(file: pair.original.name)) }
            return try pair.difference(original, other) { progress(.advanced(bytes: $0)) }
        }
        progress(.ended)
        let all = zip(pairs, differences).map { pair, difference in
            Result(
                original: pair.original, other: pair.other, expert: pair.expert, difference: difference)
        }
        let alike = all.filter { !$0.difference.seemsReordered }
        // Where nothing is alike, the models have nothing to do with one another, and the errors say so.
        let isMapped = original.format != other.format && !alike.isEmpty
        results = isMapped ? alike : all
        unlike = isMapped ? all.filter(\.difference.seemsReordered).map(\.name) : []
        onlyInOriginal = pairing.onlyInOriginal
        onlyInOther = pairing.onlyInOther
        total = results.reduce(into: NumberDifference()) { $0.add($1.difference) }
    }

    /// The pairs with the least signal-to-noise ratio first; those without any difference are left out.
    package func worst(_ count: Int) -> [Result] {
        let differing = results.filter { $0.difference.largest > 0 || $0.difference.notFiniteCount > 0 }
        let order = differing.enumerated().sorted {
            let (first, second) = ($0.element.difference, $1.element.difference)
            return first.signalToNoise == second.signalToNoise
                ? $0.offset < $1.offset : first.signalToNoise < second.signalToNoise
        }
        return order.prefix(count).map(\.element)
    }
}

extension TensorPair {
    /// About how many elements are read at a time.
    private static let slabLength = 1 << 18

    /// Reads both tensors from front to back.
    fileprivate func difference(
        _ original: TensorModel, _ other: TensorModel, _ advanced: (Int) -> Void
    ) throws -> NumberDifference {
        var difference = NumberDifference()
        let step = max(unit, TensorPair.slabLength / unit * unit)
        var first = [Float](repeating: 0, count: min(step, count))
        var second = first
        var ordered = needsRoom ? first : []
        var bytes: [UInt8] = []
        var start = 0
        while start < count {
            if Task.isCancelled { throw ReadFailure.cancelled }
            let length = min(step, count - start)
            var left = first.mutableSpan
            var right = second.mutableSpan
            var leftRoom = left._mutatingExtracting(0..<length)
            var rightRoom = right._mutatingExtracting(0..<length)
            let leftStart = start + originalStart
            let rightStart = start + otherStart
            let (leftRange, rightRange) = (leftStart..<leftStart + length, rightStart..<rightStart + length)
            if case .originalTransposed(let matrix) = order {
                try matrix.read(leftRange, into: &leftRoom) { (range, room) in
                    try original.read(range, of: self.original, scratch: &bytes, into: &room)
                }
            } else {
                try original.read(leftRange, of: self.original, scratch: &bytes, into: &leftRoom)
            }
            if case .otherTransposed(let matrix) = order {
                try matrix.read(rightRange, into: &rightRoom) { (range, room) in
                    try other.read(range, of: self.other, scratch: &bytes, into: &room)
                }
            } else {
                try other.read(rightRange, of: self.other, scratch: &bytes, into: &rightRoom)
            }
            var room = ordered.mutableSpan
            switch order {
            case .same, .originalTransposed, .otherTransposed:
                difference.add(leftRoom.span, rightRoom.span)
            case .originalInHalves(let layout):
                layout.interleave(leftRoom.span, into: &room)
                difference.add(room.span.extracting(0..<length), rightRoom.span)
            case .otherInHalves(let layout):
                layout.interleave(rightRoom.span, into: &room)
                difference.add(leftRoom.span, room.span.extracting(0..<length))
            case .originalLessOne:
                for index in 0..<length { leftRoom[index] += 1 }
                difference.add(leftRoom.span, rightRoom.span)
            case .otherLessOne:
                for index in 0..<length { rightRoom[index] += 1 }
                difference.add(leftRoom.span, rightRoom.span)
            }
            advanced(self.original.type.byteCount(length))
            start += length
        }
        return difference
    }
}
