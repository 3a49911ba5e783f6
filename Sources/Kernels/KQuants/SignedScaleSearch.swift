/// A scale and levels from `-half` to `half - 1` for a few numbers, of which each counts by its weight: what
/// ``scaled(_:weights:count:half:room:)`` does for sixteen sub-blocks, for one row.
/// - Parameter levels: gets a level for each.
/// - Returns: the scale; 0 where all numbers are, with levels of `-half`.
func signedScale(_ values: Few, weights: Few, half: Float, levels: inout SIMD16<Int32>) -> Float {
    let (all, counts) = (values.numbers, weights.numbers)
    let (values, weights) = (
        all.span.extracting(values.indices), counts.span.extracting(values.indices)
    )
    var peak: Float = 0
    var magnitude: Float = 0
    for index in values.indices where abs(values[index]) > magnitude {
        (magnitude, peak) = (abs(values[index]), values[index])
    }
    guard !(magnitude < smallestMagnitude) else {
        levels = SIMD16(repeating: -Int32(half))
        return 0
    }
    func sums(_ inverse: Float, _ levels: inout SIMD16<Int32>) -> (products: Float, squares: Float) {
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
