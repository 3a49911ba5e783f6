/// The sixteen levels of IQ4_NL and IQ4_XS, closer to one another around zero (ggml-common.h, `kvalues_iq4nl`).
enum NonlinearLevels {
    /// The levels by their numbers, four bits each.
    static let values: [16 of Float] = [
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
    ]
    /// The middles between each level and the next. What is in the middle belongs to the upper one: ggml
    /// compares the distances to both, which are exact there.
    static let middles: [15 of Float] = [
        -115.5, -93.5, -74, -57, -42, -28.5, -16, -4.5, 7, 19, 31.5, 45.5, 61, 79, 101,
    ]
    /// The distances between each level and the next.
    static let steps: [15 of Float] = [23, 21, 18, 16, 14, 13, 12, 11, 12, 12, 13, 15, 16, 20, 24]

    /// The nearest level of each number; the greatest of what is no number.
    @inline(__always)
    static func nearest(_ x: Lanes) -> Lanes {
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
        let isBelow = x .< Lanes(repeating: middle)
        // SAFETY: a mask is all ones or all zeros in each of its eight lanes of 32 bits, and every pattern of
        // bits is a number.
        let below = unsafe unsafeBitCast(isBelow, to: SIMD8<UInt32>.self)
        level += unsafe unsafeBitCast(~below & SIMD8(repeating: step.bitPattern), to: Lanes.self)
    }

    /// The number of the nearest level, 0 to 15.
    @inline(__always)
    static func code(_ x: Float) -> UInt8 {
        var code: UInt8 = 15
        for i in 0..<15 { code &-= x < middles[i] ? 1 : 0 }
        return code
    }
}

/// The scales of up to eight blocks of 32 numbers, found by sixteen trials around the one that the largest
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
