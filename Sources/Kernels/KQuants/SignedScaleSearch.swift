/// A scale and levels from `-half` to `half - 1` for a few numbers, of which each counts by its weight: what
/// ``scaled(_:weights:half:)`` does for eight sub-blocks, for one row.
/// - Parameter levels: as many as there are values.
/// - Returns: the scale; 0 where all numbers are, with levels of `-half`.
func signedScale(_ values: [Float], weights: [Float], half: Float, levels: inout [Int32]) -> Float {
    var peak: Float = 0
    var magnitude: Float = 0
    for value in values where abs(value) > magnitude { (magnitude, peak) = (abs(value), value) }
    guard !(magnitude < smallestMagnitude) else {
        for index in levels.indices { levels[index] = -Int32(half) }
        return 0
    }
    func sums(_ inverse: Float, _ levels: inout [Int32]) -> (products: Float, squares: Float) {
        var (products, squares): (Float, Float) = (0, 0)
        for index in values.indices {
            let level = max(-Int32(half), min(Int32(half) - 1, nearestInteger(inverse * values[index])))
            levels[index] = level
            products += weights[index] * values[index] * Float(level)
            squares += weights[index] * Float(level) * Float(level)
        }
        return (products, squares)
    }
    let (products, squares) = sums(-half / peak, &levels)
    var scale = squares == 0 ? 0 : products / squares
    var best = scale * products
    var tried = levels
    for step in -9...9 where step != 0 {
        let (products, squares) = sums(-(half + 0.1 * Float(step)) / peak, &tried)
        if squares > 0, products * products > best * squares {
            levels = tried
            scale = products / squares
            best = scale * products
        }
    }
    return scale
}
