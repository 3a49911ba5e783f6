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
    static func weighted(most: Float) -> ScaleMinTrials {
        ScaleMinTrials(most: most, first: -0.9, delta: 0.05, steps: 36, isAbsolute: false)
    }
}

/// Finds scale, minimum and levels of eight sub-blocks with the least weighted error:
/// `value ≈ scale * level - minimum`, with levels from 0 up.
///
/// A trial that is better than the best so far sets the minimum that the next trials count from.
/// - Parameters:
///   - x: `count` numbers of each sub-block.
///   - w: how much each counts.
///   - levels: gets the levels found.
///   - tried: room of the same size.
/// - Returns: scales, and the negatives of the least values, 0 where all are positive.
@inline(__always)
func scaleMin(
    _ x: Span<Lanes>, weights w: Span<Lanes>, count: Int, _ trials: ScaleMinTrials,
    levels: inout MutableSpan<Lanes>, tried: inout MutableSpan<Lanes>
) -> (scale: Lanes, minimum: Lanes) {
    precondition(x.count == count && w.count == count && levels.count == count && tried.count == count)
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
    let isFlat = greatest .<= least

    let inverse = trials.most / (greatest - least)
    var scale = 1 / inverse
    var best = Lanes()
    for i in 0..<count {
        let level = (inverse * (x[i] - least)).nearest(from: 0, to: trials.most)
        levels[i] = level
        best += w[i] * cost(scale * level + least - x[i], trials.isAbsolute)
    }

    var minimum = least
    for step in 0...trials.steps {
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
        guard any(isBetter) else { continue }
        for i in 0..<count {
            var level = levels[i]
            level.replace(with: tried[i], where: isBetter)
            levels[i] = level
        }
        best.replace(with: error, where: isBetter)
        scale.replace(with: newScale, where: isBetter)
        minimum.replace(with: newMinimum, where: isBetter)
    }

    if any(isFlat) {
        for i in 0..<count { levels[i].replace(with: 0, where: isFlat) }
        scale.replace(with: 0, where: isFlat)
        minimum.replace(with: least, where: isFlat)
    }
    // A product and not a difference from 0, which would lose the sign of zero.
    return (scale, minimum * -1)
}

@inline(__always)
private func cost(_ difference: Lanes, _ isAbsolute: Bool) -> Lanes {
    isAbsolute ? difference.magnitudes : difference * difference
}
