#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How far numbers are from those that they stand for, collected in one pass; sums are of 64 bits.
package struct NumberDifference: Equatable, Sendable {
    /// How many pairs there were.
    package private(set) var count = 0
    private var sums = DifferenceSums()

    /// Starts with no pairs.
    package init() {}

    /// How many pairs had a number in them that is infinite or none; they are in no other figure.
    package var notFiniteCount: Int { sums.notFiniteCount }
    /// How many of the originals are zero.
    package var originalZeroCount: Int { sums.originalZeroCount }
    /// How many of the others are zero.
    package var otherZeroCount: Int { sums.otherZeroCount }
    /// The largest absolute difference.
    package var largest: Float { sums.largest }
    private var errors: Double { sums.errors }
    private var originals: Double { sums.originals }
    private var others: Double { sums.others }
    private var products: Double { sums.products }

    /// The root of the mean square of the differences.
    package var rootMeanSquare: Double {
        let finite = count - notFiniteCount
        return finite == 0 ? 0 : (errors / Double(finite)).squareRoot()
    }

    /// The root of the differences' energy over the original's; 0 where both are 0, `nil` where only the original is.
    package var relative: Double? {
        if errors == 0 { return 0 }
        return originals == 0 ? nil : (errors / originals).squareRoot()
    }

    /// The cosine of the angle between the two as vectors; 1 where both are zero, 0 where one is.
    package var cosine: Double {
        if originals == 0 && others == 0 { return 1 }
        let length = originals.squareRoot() * others.squareRoot()
        return length == 0 ? 0 : max(-1, min(1, products / length))
    }

    /// The signal-to-noise ratio in decibels: ten times the logarithm of the original's energy over that of
    /// the differences; infinite if there are none.
    package var signalToNoise: Double {
        if errors == 0 { return .infinity }
        return originals == 0 ? -.infinity : 10 * log10(originals / errors)
    }

    /// Whether the two look like the same numbers in different orders: as long as vectors, but at right angles.
    /// What no quantization does, and what another layout of the same weights looks like.
    package var seemsReordered: Bool {
        count - notFiniteCount >= 64 && abs(cosine) < 0.25 && originals > 0.8 * others
            && others > 0.8 * originals
    }

    /// Takes pairs in.
    /// - Parameters:
    ///   - original: what is right.
    ///   - other: as many numbers that stand for them.
    package mutating func add(_ original: Span<Float>, _ other: Span<Float>) {
        ProcessorLevel.current.kernels.numbers.add(original, other, to: &sums)
        count += original.count
    }

    /// Takes in what was collected of other pairs.
    package mutating func add(_ other: NumberDifference) {
        count += other.count
        sums.add(other.sums)
    }
}
