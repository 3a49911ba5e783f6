/// The scale with which levels 0 to 4 fit a sub-block of 32 best: nine trial scales, then up to five rounds in
/// which single levels are changed while that makes the weighted error smaller.
///
/// ggml does this with a function for numbers that are not negative (`make_qp_quants`), though those that got
/// the other sign to make the number of negatives even are. It keeps levels in bytes, so that the level -1 is
/// 255 when it is read again. That is kept, as it decides the result.
/// - Parameters:
///   - values: exactly 32 numbers. Both are lent: an array of this kind is copied wherever an element is taken out.
///   - weights: how much each counts.
func evenScale(_ values: Span<Float>, weights: Span<Float>) -> Float {
    precondition(values.count == 32 && weights.count == 32)
    let highest: Float = 4
    var largest: Float = 0
    for i in 0..<32 { largest = largest > values[i] ? largest : values[i] }
    guard !(largest < 1e-15) else { return 0 }

    var inverse = highest / largest
    var error = squaredError(values, weights, inverse: inverse) { Int32(UInt8(truncatingIfNeeded: $0)) }
    for step in -4...4 where step != 0 {
        let trial = (0.1 * Float(step) + highest) / largest
        let trialError = squaredError(values, weights, inverse: trial) { min($0, 4) }
        if trialError < error { (error, inverse) = (trialError, trial) }
    }

    var levels: [32 of UInt8] = .init(repeating: 0)
    var products: Float = 0
    var squares: Float = 0
    for i in 0..<32 {
        let level = min(nearestInteger(inverse * values[i]), 4)
        levels[i] = UInt8(truncatingIfNeeded: level)
        products += weights[i] * values[i] * Float(level)
        squares += weights[i] * Float(level) * Float(level)
    }
    for _ in 0..<5 {
        var changed = false
        for i in 0..<32 {
            let (weight, value, level) = (weights[i], values[i], Float(levels[i]))
            var newProducts = products - weight * value * level
            var newSquares = squares - weight * level * level
            guard newProducts > 0, newSquares > 0 else { continue }
            let newLevel = min(nearestInteger(value * newSquares / newProducts), 4)
            guard newLevel != Int32(levels[i]) else { continue }
            newProducts += weight * value * Float(newLevel)
            newSquares += weight * Float(newLevel) * Float(newLevel)
            if newProducts * newProducts * squares > products * products * newSquares {
                levels[i] = UInt8(truncatingIfNeeded: newLevel)
                (products, squares) = (newProducts, newSquares)
                changed = true
            }
        }
        if !changed { break }
    }
    return squares > 0 ? products / squares : 0
}

/// The weighted error that levels leave with a scale.
@inline(__always)
private func squaredError(
    _ values: Span<Float>, _ weights: Span<Float>, inverse: Float, stored: (Int32) -> Int32
) -> Float {
    let scale = 1 / inverse
    var error: Float = 0
    for i in 0..<32 {
        let difference = values[i] - scale * Float(stored(nearestInteger(inverse * values[i])))
        error += weights[i] * difference * difference
    }
    return error
}
