/// How the search for a scale and a minimum tries: `steps` scales around the one that the range of the numbers
/// gives, `first` and `delta` in levels (ggml's `make_qkx2_quants` and `make_qkx3_quants`).
struct ScaleMinTrials {
    /// The highest level, 3, 15 or 31.
    let most: Float
    /// What the first trial adds to the highest level, in levels.
    let first: Float
    /// What each trial adds to the one before, in levels.
    let delta: Float
    /// The number of the last trial; the first is 0.
    let steps: Int
    /// Whether errors count as they are, not as their squares.
    let isAbsolute: Bool

    /// The trials if there is importance.
    @inline(__always)
    static func weighted(most: Float) -> ScaleMinTrials {
        ScaleMinTrials(most: most, first: -0.9, delta: 0.05, steps: 36, isAbsolute: false)
    }
}

/// Scales and minimums of sub-blocks: `value ≈ scale * level - minimum`, with levels from 0 up.
struct ScaleMins {
    /// What one level is.
    var scale: Lanes
    /// The negatives of the least values, 0 where all are positive.
    var minimum: Lanes
    /// What the best trial took levels from: the inverse of its scale,
    fileprivate var inverse: Lanes
    /// and its least value.
    fileprivate var least: Lanes
    /// Where all numbers are the same, which have the level 0.
    fileprivate var isFlat: LaneMask

    /// The levels that the best trial gave numbers of one sub-block.
    @inline(__always)
    func levels(_ values: Lanes, lane: Int, most: Float) -> Lanes {
        isFlat[lane] ? Lanes() : ((values - least[lane]) * inverse[lane]).nearest(from: 0, to: most)
    }

    /// The levels that the best trial gave numbers of each sub-block.
    @inline(__always)
    func levels(_ values: Lanes, most: Float) -> Lanes {
        (inverse * (values - least)).nearest(from: 0, to: most).replacing(with: Lanes(), where: isFlat)
    }
}

/// Finds scales and minimums of sixteen sub-blocks with the least weighted error.
///
/// A trial that is better than the best so far sets the minimum that the next trials count from.
/// - Parameters:
///   - x: `count` numbers of each sub-block.
///   - w: how much each counts.
///   - tried: room of the same size.
@inline(__always)
func scaleMin(
    _ x: Span<Lanes>, weights w: Span<Lanes>, count: Int, _ trials: ScaleMinTrials,
    tried: inout MutableSpan<Lanes>
) -> ScaleMins {
    precondition(x.count == count && w.count == count && tried.count == count)
    var least = x[0]
    var greatest = x[0]
    var sumWeights = w[0]
    var sumValues = w[0] * x[0]
    for i in 1..<count {
        least.replace(with: x[i], where: x[i] .< least)
        greatest.replace(with: x[i], where: x[i] .> greatest)
        sumWeights += w[i]
        sumValues += w[i] * x[i]
    }
    least.replace(with: 0, where: least .> 0)
    let isFlat = LaneMask(atMost: greatest, least)

    let inverse = trials.most / (greatest - least)
    var best = Lanes()
    var found = ScaleMins(scale: 1 / inverse, minimum: least, inverse: inverse, least: least, isFlat: isFlat)
    for i in 0..<count {
        let level = (inverse * (x[i] - least)).nearest(from: 0, to: trials.most)
        best += w[i] * cost(found.scale * level + least - x[i], trials.isAbsolute)
    }

    for step in 0...trials.steps {
        let minimum = found.minimum
        let inverse = (trials.first + trials.delta * Float(step) + trials.most) / (greatest - minimum)
        var (sumLevels, sumSquares, sumProducts) = (Lanes(), Lanes(), Lanes())
        for i in 0..<count {
            let level = (inverse * (x[i] - minimum)).nearest(from: 0, to: trials.most)
            tried[i] = level
            let weighted = w[i] * level
            sumLevels += weighted
            sumSquares += weighted * level
            sumProducts += weighted * x[i]
        }
        let determinant = sumWeights * sumSquares - sumLevels * sumLevels
        var newScale = (sumWeights * sumProducts - sumValues * sumLevels) / determinant
        var newMinimum = (sumSquares * sumValues - sumLevels * sumProducts) / determinant
        let isPositive = newMinimum .> 0
        newMinimum.replace(with: 0, where: isPositive)
        newScale.replace(with: sumProducts / sumSquares, where: isPositive)
        var error = Lanes()
        for i in 0..<count {
            error += w[i] * cost(newScale * tried[i] + newMinimum - x[i], trials.isAbsolute)
        }
        let isBetter = (determinant .> 0) .& (error .< best)
        best.replace(with: error, where: isBetter)
        found.inverse.replace(with: inverse, where: isBetter)
        found.least.replace(with: minimum, where: isBetter)
        found.scale.replace(with: newScale, where: isBetter)
        found.minimum.replace(with: newMinimum, where: isBetter)
    }

    found.scale.replace(with: 0, where: isFlat)
    found.minimum.replace(with: least, where: isFlat)
    // A product and not a difference from 0, which would lose the sign of zero.
    found.minimum = found.minimum * -1
    return found
}

@inline(__always)
private func cost(_ difference: Lanes, _ isAbsolute: Bool) -> Lanes {
    isAbsolute ? difference.magnitudes : difference * difference
}
