/// What numbers are like as a whole, collected in one pass; sums are of 64 bits.
package struct NumberSummary: Equatable, Sendable {
    /// How many numbers there were, of any kind.
    package private(set) var count = 0
    /// How many were not a number.
    package private(set) var nanCount = 0
    /// How many were infinite.
    package private(set) var infiniteCount = 0
    /// How many were 0 or -0.
    package private(set) var zeroCount = 0
    /// The least of the finite numbers; infinity where there was none.
    package private(set) var minimum = Float.infinity
    /// The greatest of the finite numbers; -infinity where there was none.
    package private(set) var maximum = -Float.infinity
    private var sum = 0.0
    private var squares = 0.0

    /// Starts with no numbers.
    package init() {}

    /// How many were finite.
    package var finiteCount: Int { count - nanCount - infiniteCount }
    /// The mean of the finite numbers; 0 where there was none.
    package var mean: Double { finiteCount == 0 ? 0 : sum / Double(finiteCount) }
    /// The root of the mean square of the finite numbers.
    package var rootMeanSquare: Double { finiteCount == 0 ? 0 : (squares / Double(finiteCount)).squareRoot() }
    /// The standard deviation of the finite numbers, as a population.
    package var standardDeviation: Double {
        finiteCount == 0 ? 0 : max(0, squares / Double(finiteCount) - mean * mean).squareRoot()
    }

    /// Takes numbers in.
    package mutating func add(_ numbers: Span<Float>) {
        for index in numbers.indices {
            let number = numbers[index]
            guard number.isFinite else {
                if number.isNaN { nanCount += 1 } else { infiniteCount += 1 }
                continue
            }
            if number == 0 { zeroCount += 1 }
            minimum = min(minimum, number)
            maximum = max(maximum, number)
            sum += Double(number)
            squares += Double(number) * Double(number)
        }
        count += numbers.count
    }
}

/// How many numbers are in each of some ranges of equal width.
package struct Histogram: Equatable, Sendable {
    /// The lower end of the first range.
    package let lower: Float
    /// The upper end of the last range, which belongs to it.
    package let upper: Float
    /// The numbers in each range.
    package private(set) var counts: [Int]

    /// Starts with `bins` empty ranges from `lower` to `upper`, which are finite and in this order.
    package init(from lower: Float, to upper: Float, bins: Int) {
        precondition(lower <= upper && bins > 0)
        self.lower = lower
        self.upper = upper
        counts = [Int](repeating: 0, count: bins)
    }

    /// The lower end of a range.
    package func start(of bin: Int) -> Double {
        Double(lower) + (Double(upper) - Double(lower)) * Double(bin) / Double(counts.count)
    }

    /// Takes numbers in; those outside, and what is not a number, are left out.
    package mutating func add(_ numbers: Span<Float>) {
        let width = Double(upper) - Double(lower)
        let scale = width > 0 ? Double(counts.count) / width : 0
        for index in numbers.indices {
            let number = numbers[index]
            guard number >= lower, number <= upper else { continue }
            let bin = Int((Double(number) - Double(lower)) * scale)
            counts[min(bin, counts.count - 1)] += 1
        }
    }
}
