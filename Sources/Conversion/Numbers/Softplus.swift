/// log(1 + e^x) in single precision, bit for bit as PyTorch 2.13's `softplus` gives it for float32 CPU tensors (x86-64
/// with AVX-512) of whole vectors; what is left over it computes with the C library.
///
/// Both functions are those of N. Shibata and F. Petrogalli, "SLEEF: a portable vectorized library of C standard
/// mathematical functions", IEEE TPDS 31 (2020), within 1 unit of the last place; their constants are that library's
/// (version 3.8). The fused operations and the order are part of the result.
package enum Softplus {
    /// How many numbers torch computes at once: of a tensor with others the rest differs.
    package static let vector = 32

    /// The result for one number. Above 20 it is the number itself.
    package static func value(_ number: Float) -> Float {
        guard number <= 20 else { return number }
        return logarithm(exponential(number))
    }

    /// a·b + c, rounded once.
    private static func fused(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }

    /// e raised to a number up to 20.
    private static func exponential(_ number: Float) -> Float {
        guard number >= -104 else { return 0 }
        let octaves = (number * 1.442_695_04).rounded(.toNearestOrEven)
        let reduced = fused(
            octaves, -1.428_606_765_330_187e-06, fused(octaves, -0.693_145_751_953_125, number))
        var series: Float = 0.000_198_527_617_612_853_65
        for coefficient: Float in [
            0.001_393_043_552_525_341_5, 0.008_333_360_776_305_199, 0.041_666_485_369_205_475,
            0.166_666_671_633_720_4, 0.5,
        ] {
            series = fused(series, reduced, coefficient)
        }
        let sum = 1 + fused(reduced * reduced, series, reduced)
        return Float(sign: .plus, exponent: Int(octaves), significand: sum)
    }

    /// log(1 + x) of a number from 0 to e^20.
    private static func logarithm(_ number: Float) -> Float {
        guard number > 0 else { return number }
        let exponent = ((number + 1) * (1 / 0.75)).exponent
        let scale = Float(sign: .plus, exponent: -Int(exponent), significand: 1)
        let rest = fused(number, scale, scale - 1)
        // rest / (2 + rest), in two floats each.
        let below = Pair.sum(2, rest)
        let share = 1 / below.high
        let quotient = rest * share
        let left = fused(share, rest, -quotient)
        let error = fused(-below.low, share, fused(-below.high, share, 1))
        let ratio = Pair(high: quotient, low: fused(quotient, error, fused(0, share, left)))
        let square = ratio.high * ratio.high
        let series = fused(fused(0.302_729_487_4, square, 0.399_610_817_4), square, 0.666_669_488_0)
        let whole = Float(exponent)
        let leading: Float = 0.693_147_182_464_599_6
        let octaves = leading * whole
        let trailing = fused(-1.904_654_323_148_236e-09, whole, fused(leading, whole, -octaves))
        let sum = Pair(high: octaves, low: trailing).adding(Pair(high: ratio.high * 2, low: ratio.low * 2))
            .adding(square * ratio.high * series)
        return sum.high + sum.low
    }

    /// A number as two floats, the first of which has most of it.
    private struct Pair {
        let high: Float
        let low: Float

        /// The sum of two floats, the first of which is the greater one.
        static func sum(_ first: Float, _ second: Float) -> Pair {
            let high = first + second
            return Pair(high: high, low: (first - high) + second)
        }

        func adding(_ other: Pair) -> Pair {
            let sum = high + other.high
            return Pair(high: sum, low: (((high - sum) + other.high) + low) + other.low)
        }

        func adding(_ other: Float) -> Pair {
            let sum = high + other
            return Pair(high: sum, low: ((high - sum) + other) + low)
        }
    }
}
