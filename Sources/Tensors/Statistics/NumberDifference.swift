#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How far numbers are from those that they stand for, collected in one pass; sums are of 64 bits.
package struct NumberDifference: Equatable, Sendable {
    /// How many pairs there were.
    package private(set) var count = 0
    /// How many pairs had a number in them that is infinite or none; they are in no other figure.
    package private(set) var notFiniteCount = 0
    /// How many of the originals are zero.
    package private(set) var originalZeroCount = 0
    /// How many of the others are zero.
    package private(set) var otherZeroCount = 0
    /// The largest absolute difference.
    package private(set) var largest: Float = 0
    private var errors = 0.0
    private var originals = 0.0
    private var others = 0.0
    private var products = 0.0

    /// Starts with no pairs.
    package init() {}

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
        precondition(original.count == other.count)
        for index in original.indices {
            let (first, second) = (original[index], other[index])
            guard first.isFinite, second.isFinite else {
                notFiniteCount += 1
                continue
            }
            if first == 0 { originalZeroCount += 1 }
            if second == 0 { otherZeroCount += 1 }
            let difference = Double(first) - Double(second)
            largest = max(largest, Float(difference.magnitude))
            errors += difference * difference
            originals += Double(first) * Double(first)
            others += Double(second) * Double(second)
            products += Double(first) * Double(second)
        }
        count += original.count
    }

    /// Takes in what was collected of other pairs.
    package mutating func add(_ other: NumberDifference) {
        count += other.count
        notFiniteCount += other.notFiniteCount
        originalZeroCount += other.originalZeroCount
        otherZeroCount += other.otherZeroCount
        largest = max(largest, other.largest)
        errors += other.errors
        originals += other.originals
        others += other.others
        products += other.products
    }
}
