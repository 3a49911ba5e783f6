/// What the search for a scale found: `value ≈ scale * level`, with levels around 0.
struct Scaled<let count: Int> {
    var levels: [count of Lanes]
    var scale: Lanes
}

/// The number of the largest magnitude of each lane, the first of equal ones, and that magnitude.
@inline(__always)
func largest<let count: Int>(_ x: borrowing [count of Lanes]) -> (value: Lanes, magnitude: Lanes) {
    var value = Lanes()
    var magnitude = Lanes()
    for i in 0..<count {
        let candidate = x[i].magnitudes
        let isLarger = candidate .> magnitude
        magnitude.replace(with: candidate, where: isLarger)
        value.replace(with: x[i], where: isLarger)
    }
    return (value, magnitude)
}

/// Below this everything is zero (ggml's `GROUP_MAX_EPS`).
let smallestMagnitude: Float = 1e-15

/// Finds a scale of eight sub-blocks for levels from `-half` to `half - 1`, by nineteen trials around the one
/// that the largest number gives (ggml's `make_qx_quants`).
@inline(__always)
func scaled<let count: Int>(
    _ x: borrowing [count of Lanes], weights w: borrowing [count of Lanes], half: Float
) -> Scaled<count> {
    let (peak, magnitude) = largest(x)
    let isZero = magnitude .< smallestMagnitude
    var levels = [count of Lanes](repeating: Lanes())
    var tried = levels
    let inverse = -half / peak
    var (products, squares) = (Lanes(), Lanes())
    for i in 0..<count {
        let level = (inverse * x[i]).nearest(from: -half, to: half - 1)
        levels[i] = level
        products += w[i] * x[i] * level
        squares += w[i] * level * level
    }
    var scale = Lanes()
    scale.replace(with: products / squares, where: squares .!= 0)
    var best = scale * products
    for step in -9...9 where step != 0 {
        let inverse = -(half + 0.1 * Float(step)) / peak
        (products, squares) = (Lanes(), Lanes())
        for i in 0..<count {
            let level = (inverse * x[i]).nearest(from: -half, to: half - 1)
            tried[i] = level
            products += w[i] * x[i] * level
            squares += w[i] * level * level
        }
        let isBetter = (squares .> 0) .& (products * products .> best * squares)
        guard any(isBetter) else { continue }
        for i in 0..<count { levels[i].replace(with: tried[i], where: isBetter) }
        scale.replace(with: products / squares, where: isBetter)
        best.replace(with: scale * products, where: isBetter)
    }
    for i in 0..<count { levels[i].replace(with: -half, where: isZero) }
    scale.replace(with: 0, where: isZero)
    return Scaled(levels: levels, scale: scale)
}

/// Finds a scale of eight sub-blocks of 16 for levels from -4 to 3: from the one that the largest number gives
/// by changing single levels, in up to five rounds, while that is better (ggml's `make_q3_quants`).
@inline(__always)
func scaledByRounds(_ x: borrowing Lanes16) -> Scaled<16> {
    let half: Float = 4
    let (peak, magnitude) = largest(x)
    let isZero = magnitude .< smallestMagnitude
    let inverse = -half / peak
    var levels = Lanes16(repeating: Lanes())
    var (products, squares) = (Lanes(), Lanes())
    for i in 0..<16 {
        let level = (inverse * x[i]).nearest(from: -half, to: half - 1)
        levels[i] = level
        let weight = x[i] * x[i]
        products += weight * x[i] * level
        squares += weight * level * level
    }
    for _ in 0..<5 {
        var changed = LaneMask(repeating: false)
        for i in 0..<16 {
            let weight = x[i] * x[i]
            let level = levels[i]
            var newProducts = products - weight * x[i] * level
            var newSquares = squares - weight * level * level
            let candidate = (x[i] * newSquares / newProducts).nearest(from: -half, to: half - 1)
            let isOther = (newProducts .> 0) .& (candidate .!= level) .& .!isZero
            guard any(isOther) else { continue }
            newProducts += weight * x[i] * candidate
            newSquares += weight * candidate * candidate
            let isBetter =
                isOther .& (newSquares .> 0)
                .& (newProducts * newProducts * squares .> products * products * newSquares)
            levels[i].replace(with: candidate, where: isBetter)
            products.replace(with: newProducts, where: isBetter)
            squares.replace(with: newSquares, where: isBetter)
            changed = changed .| isBetter
        }
        guard any(changed) else { break }
    }
    var scale = Lanes()
    scale.replace(with: products / squares, where: squares .> 0)
    for i in 0..<16 { levels[i].replace(with: -half, where: isZero) }
    scale.replace(with: 0, where: isZero)
    return Scaled(levels: levels, scale: scale)
}
