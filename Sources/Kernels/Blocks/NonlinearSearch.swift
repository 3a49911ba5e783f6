/// The sixteen levels of IQ4_NL and IQ4_XS, closer to one another around zero (ggml-common.h, `kvalues_iq4nl`).
enum NonlinearLevels {
    /// The levels by their numbers, four bits each.
    static let values: [16 of Float] = [
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ]
    /// The middles between each level and the next.
    private static var middles: [15 of Float] {
        [-115.5, -93.5, -74, -57, -42, -28.5, -16, -4.5, 7, 19, 31.5, 45.5, 61, 79, 101]
    }
    /// The levels in lanes.
    @inline(__always)
    private static var levels: Lanes {
        Lanes(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
    }

    /// The numbers of the nearest levels, 0 to 15; the greatest of what is no number.
    ///
    /// A number is compared with the middles between levels. What is in the middle belongs to the upper level: ggml
    /// compares the distances to both, which are exact there.
    @inline(__always)
    static func codes(_ x: Lanes) -> LaneBits {
        guard Lanes.hasLookup else {
            var codes = LaneBits(repeating: 15)
            for i in middles.indices { codes = codes &+ LaneBits(x .< middles[i]) }
            return codes
        }
        // The middle one, the middle ones of both halves, of all quarters, and of all eighths.
        var codes = LaneBits(repeating: 8).cleared(x .< -4.5)
        var middles = Lanes(-57, 0, 0, 0, 0, 0, 0, 0, 45.5, 0, 0, 0, 0, 0, 0, 0)[codes]
        codes = codes | LaneBits(repeating: 4).cleared(x .< middles)
        middles = Lanes(-93.5, 0, 0, 0, -28.5, 0, 0, 0, 19, 0, 0, 0, 79, 0, 0, 0)[codes]
        codes = codes | LaneBits(repeating: 2).cleared(x .< middles)
        middles = Lanes(-115.5, 0, -74, 0, -42, 0, -16, 0, 7, 0, 31.5, 0, 61, 0, 101, 0)[codes]
        return codes | LaneBits(repeating: 1).cleared(x .< middles)
    }

    /// The nearest level of each number; the greatest of what is no number.
    @inline(__always)
    static func nearest(_ x: Lanes) -> Lanes {
        if Lanes.hasLookup { return levels[codes(x)] }
        var level = Lanes(repeating: -127)
        addStep(&level, x, -115.5, 23)
        addStep(&level, x, -93.5, 21)
        addStep(&level, x, -74, 18)
        addStep(&level, x, -57, 16)
        addStep(&level, x, -42, 14)
        addStep(&level, x, -28.5, 13)
        addStep(&level, x, -16, 12)
        addStep(&level, x, -4.5, 11)
        addStep(&level, x, 7, 12)
        addStep(&level, x, 19, 12)
        addStep(&level, x, 31.5, 13)
        addStep(&level, x, 45.5, 15)
        addStep(&level, x, 61, 16)
        addStep(&level, x, 79, 20)
        addStep(&level, x, 101, 24)
        return level
    }

    /// Whole numbers: every sum is exact.
    @inline(__always)
    private static func addStep(_ level: inout Lanes, _ x: Lanes, _ middle: Float, _ step: Float) {
        level += Lanes(repeating: step).replacing(with: Lanes(), where: x .< middle)
    }
}

/// The scales of up to sixteen blocks of 32 numbers, found by sixteen trials around the one that the largest
/// number gives (ggml's `quantize_row_iq4_nl_impl`).
@inline(__always)
func nonlinearScales(_ x: Span<Lanes>, weights w: Span<Lanes>) -> Lanes {
    precondition(x.count == 32 && w.count == 32)
    let (peak, magnitude) = largest(x)
    let isZero = magnitude .< smallestMagnitude
    let first = Lanes(repeating: 0) - peak
    var (products, squares) = sums(x, w, inverse: 1 / (first / -127))
    var scale = Lanes()
    scale.replace(with: products / squares, where: squares .> 0)
    var best = scale * products
    for step in -7...7 {
        (products, squares) = sums(x, w, inverse: (Float(step) - 127) / peak)
        let isBetter = (squares .> 0) .& (products * products .> best * squares)
        scale.replace(with: products / squares, where: isBetter)
        best.replace(with: scale * products, where: isBetter)
    }
    scale.replace(with: 0, where: isZero)
    return scale
}

/// The weighted sums of levels times numbers and of squares of levels.
@inline(__always)
private func sums(
    _ x: Span<Lanes>, _ w: Span<Lanes>, inverse: Lanes
) -> (products: Lanes, squares: Lanes) {
    var (products, squares) = (Lanes(), Lanes())
    for i in 0..<32 {
        let level = NonlinearLevels.nearest(inverse * x[i])
        let weighted = w[i] * level
        products += weighted * x[i]
        squares += weighted * level
    }
    return (products, squares)
}
