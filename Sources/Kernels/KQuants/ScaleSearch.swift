/// The number of the largest magnitude of each lane, the first of equal ones, and that magnitude.
@inline(__always)
package func largest(_ x: Span<Lanes>) -> (value: Lanes, magnitude: Lanes) {
    var value = Lanes()
    var magnitude = Lanes()
    for i in x.indices {
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
/// - Parameters:
///   - x: `count` numbers of each sub-block.
///   - w: how much each counts.
///   - levels: gets the levels found, those of a sub-block of zeros `-half`.
///   - room: room of the same size.
@inline(__always)
package func scaled(
    _ x: Span<Lanes>, weights w: Span<Lanes>, count: Int, half: Float,
    levels: inout MutableSpan<Lanes>, room: inout MutableSpan<Lanes>
) -> Lanes {
    precondition(x.count == count && w.count == count && levels.count == count && room.count == count)
    let (peak, magnitude) = largest(x)
    let isZero = magnitude .< smallestMagnitude
    let inverse = -half / peak
    var (products, squares) = (Lanes(), Lanes())
    for i in 0..<count {
        let level = (inverse * x[i]).nearestOfSmall(from: -half, to: half - 1)
        levels[i] = level
        let weighted = w[i] * x[i]
        room[i] = weighted
        products += weighted * level
        squares += w[i] * level * level
    }
    var scale = Lanes()
    scale.replace(with: products / squares, where: squares .!= 0)
    var best = scale * products
    for step in -9...9 where step != 0 {
        let inverse = -(half + 0.1 * Float(step)) / peak
        (products, squares) = (Lanes(), Lanes())
        for i in 0..<count {
            let level = (inverse * x[i]).nearestOfSmall(from: -half, to: half - 1)
            products += room[i] * level
            squares += w[i] * level * level
        }
        let isBetter = (squares .> 0) .& (products * products .> best * squares)
        guard any(isBetter) else { continue }
        for i in 0..<count {
            let level = (inverse * x[i]).nearestOfSmall(from: -half, to: half - 1)
            levels[i] = levels[i].replacing(with: level, where: isBetter)
        }
        scale.replace(with: products / squares, where: isBetter)
        best.replace(with: scale * products, where: isBetter)
    }
    if any(isZero) {
        for i in 0..<count { levels[i].replace(with: -half, where: isZero) }
        scale.replace(with: 0, where: isZero)
    }
    return scale
}

/// Finds a scale of eight sub-blocks of 16 for levels from -4 to 3: from the one that the largest number gives
/// by changing single levels, in up to five rounds, while that is better (ggml's `make_q3_quants`).
/// - Parameter levels: gets the levels found, those of a sub-block of zeros -4.
@inline(__always)
func scaledByRounds(_ x: Span<Lanes>, levels: inout MutableSpan<Lanes>) -> Lanes {
    precondition(x.count == 16 && levels.count == 16)
    let half: Float = 4
    let (peak, magnitude) = largest(x)
    let isZero = magnitude .< smallestMagnitude
    let inverse = -half / peak
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
            levels[i] = level.replacing(with: candidate, where: isBetter)
            products.replace(with: newProducts, where: isBetter)
            squares.replace(with: newSquares, where: isBetter)
            changed = changed .| isBetter
        }
        guard any(changed) else { break }
    }
    var scale = Lanes()
    scale.replace(with: products / squares, where: squares .> 0)
    if any(isZero) {
        for i in 0..<16 { levels[i].replace(with: -half, where: isZero) }
        scale.replace(with: 0, where: isZero)
    }
    return scale
}

extension MutableSpan<Lanes> {
    /// Chooses signed levels anew for what rounded scales mean; where a scale is 0, they stay.
    @inline(__always)
    package mutating func round(_ x: Span<Lanes>, _ scales: Lanes, half: Float) {
        precondition(x.count == count)
        let isUsed = scales .!= 0
        for i in 0..<count {
            let level = (x[i] / scales).nearest(from: -half, to: half - 1)
            self[i] = self[i].replacing(with: level, where: isUsed)
        }
    }

    /// Chooses levels from 0 up anew for what rounded scales and minimums mean; where a scale is 0, they stay.
    @inline(__always)
    package mutating func round(_ x: Span<Lanes>, _ scales: Lanes, _ minimums: Lanes, most: Float) {
        precondition(x.count == count)
        let isUsed = scales .!= 0
        for i in 0..<count {
            let level = ((x[i] + minimums) / scales).nearest(from: 0, to: most)
            self[i] = self[i].replacing(with: level, where: isUsed)
        }
    }
}
