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

/// Finds scales of sub-blocks of 16 for levels from -4 to 3: from the one that the largest number gives by changing
/// single levels, in up to five rounds, while that is better (ggml's `make_q3_quants`).
///
/// Each change waits for the one before it. What is found for other sub-blocks meanwhile takes no time of its own.
/// - Parameters:
///   - groups: how many times sixteen sub-blocks there are, up to eight.
///   - x: sixteen numbers of each sub-block of the first group, then of the next.
///   - levels: gets the levels found, those of a sub-block of zeros -4.
/// - Returns: the scales of each group.
@inline(__always)
func scaledByRounds(_ groups: Int, _ x: Span<Lanes>, levels: inout MutableSpan<Lanes>) -> [8 of Lanes] {
    precondition(groups <= 8 && x.count == groups &* 16 && levels.count == x.count)
    let half: Float = 4
    var products: [8 of Lanes] = .init(repeating: Lanes())
    var squares = products
    var magnitudes = products
    for group in 0..<groups {
        let x = x.extracting(group &* 16..<group &* 16 &+ 16)
        let (peak, magnitude) = largest(x)
        magnitudes[group] = magnitude
        let inverse = -half / peak
        var (product, square) = (Lanes(), Lanes())
        for i in 0..<16 {
            let level = (inverse * x[i]).nearest(from: -half, to: half - 1)
            levels[group &* 16 &+ i] = level
            let weight = x[i] * x[i]
            product += weight * x[i] * level
            square += weight * level * level
        }
        (products[group], squares[group]) = (product, square)
    }
    // A group in which a round changes nothing is finished.
    var active: [8 of Int] = .init { $0 }
    var left = groups
    for _ in 0..<5 {
        var changed: [8 of LaneBits] = .init(repeating: LaneBits())
        for i in 0..<16 {
            for index in 0..<left {
                let group = active[index] & 7
                let place = group &* 16 &+ i
                let (x, level, product, square) = (x[place], levels[place], products[group], squares[group])
                let weight = x * x
                let weighted = weight * x
                var newProduct = product - weighted * level
                var newSquare = square - weight * level * level
                let candidate = (x * newSquare / newProduct).nearest(from: -half, to: half - 1)
                // Sub-blocks of zeros may change, too: they get other levels at the end.
                let isOther = (newProduct .> 0) .& (candidate .!= level)
                newProduct += weighted * candidate
                newSquare += weight * candidate * candidate
                let isBetter =
                    isOther .& (newSquare .> 0)
                    .& (newProduct * newProduct * square .> product * product * newSquare)
                levels[place] = level.replacing(with: candidate, where: isBetter)
                products[group] = product.replacing(with: newProduct, where: isBetter)
                squares[group] = square.replacing(with: newSquare, where: isBetter)
                changed[index] = changed[index] | LaneBits(isBetter)
            }
        }
        var still = 0
        for index in 0..<left where LaneMask(bits: changed[index].vector).hasAny {
            active[still] = active[index]
            still &+= 1
        }
        left = still
        if left == 0 { break }
    }
    var scales: [8 of Lanes] = .init(repeating: Lanes())
    for group in 0..<groups {
        let isZero = magnitudes[group] .< smallestMagnitude
        for i in 0..<16 { levels[group &* 16 &+ i].replace(with: -half, where: isZero) }
        scales[group].replace(with: products[group] / squares[group], where: squares[group] .> 0)
        scales[group].replace(with: 0, where: isZero)
    }
    return scales
}
