/// The number of the largest magnitude of each lane, the first of equal ones, and that magnitude.
@inline(__always)
func largest(_ x: Span<Lanes>) -> (value: Lanes, magnitude: Lanes) {
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

/// Scales of sub-blocks: `value ≈ scale * level`, with levels from `-half` to `half - 1`.
struct Scales {
    /// What one level is.
    var scale: Lanes
    /// The inverse of the best trial's scale.
    fileprivate var inverse: Lanes
    /// Where all numbers are zero, which have the level `-half`.
    fileprivate var isZero: LaneMask

    /// The levels that the best trial gave numbers of one sub-block.
    @inline(__always)
    func levels(_ values: Lanes, lane: Int, half: Float) -> Lanes {
        isZero[lane]
            ? Lanes(repeating: -half) : (values * inverse[lane]).nearestOfSmall(from: -half, to: half - 1)
    }

    /// The levels that the best trial gave numbers of each sub-block.
    @inline(__always)
    func levels(_ values: Lanes, half: Float) -> Lanes {
        (inverse * values).nearestOfSmall(from: -half, to: half - 1)
            .replacing(with: Lanes(repeating: -half), where: isZero)
    }
}

/// Finds scales of sixteen sub-blocks for levels from `-half` to `half - 1`, by nineteen trials around the one
/// that the largest number gives (ggml's `make_qx_quants`).
/// - Parameters:
///   - x: `count` numbers of each sub-block.
///   - w: how much each counts.
///   - room: room of the same size.
@inline(__always)
func scaled(
    _ x: Span<Lanes>, weights w: Span<Lanes>, count: Int, half: Float, room: inout MutableSpan<Lanes>
) -> Scales {
    precondition(x.count == count && w.count == count && room.count == count)
    let (peak, magnitude) = largest(x)
    let isZero = magnitude .< smallestMagnitude
    var found = Scales(scale: Lanes(), inverse: -half / peak, isZero: isZero)
    var (products, squares) = (Lanes(), Lanes())
    for i in 0..<count {
        let level = (found.inverse * x[i]).nearestOfSmall(from: -half, to: half - 1)
        let weighted = w[i] * x[i]
        room[i] = weighted
        products += weighted * level
        squares += w[i] * level * level
    }
    found.scale.replace(with: products / squares, where: squares .!= 0)
    var best = found.scale * products
    for step in -9...9 where step != 0 {
        let inverse = -(half + 0.1 * Float(step)) / peak
        (products, squares) = (Lanes(), Lanes())
        for i in 0..<count {
            let level = (inverse * x[i]).nearestOfSmall(from: -half, to: half - 1)
            products += room[i] * level
            squares += w[i] * level * level
        }
        let isBetter = (squares .> 0) .& (products * products .> best * squares)
        let scale = products / squares
        found.scale.replace(with: scale, where: isBetter)
        best.replace(with: scale * products, where: isBetter)
        found.inverse.replace(with: inverse, where: isBetter)
    }
    found.scale.replace(with: 0, where: isZero)
    return found
}
