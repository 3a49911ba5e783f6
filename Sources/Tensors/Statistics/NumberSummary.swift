/// What numbers are like as a whole, collected in one pass; sums are of 64 bits.
public struct NumberSummary: Equatable, Sendable {
    /// How many numbers there were, of any kind.
    public private(set) var count = 0
    /// How many were not a number.
    public private(set) var nanCount = 0
    /// How many were infinite.
    public private(set) var infiniteCount = 0
    /// How many were 0 or -0.
    public private(set) var zeroCount = 0
    /// The least of the finite numbers; infinity where there was none.
    public private(set) var minimum = Float.infinity
    /// The greatest of the finite numbers; -infinity where there was none.
    public private(set) var maximum = -Float.infinity
    private var sum = 0.0
    private var squares = 0.0

    /// Starts with no numbers.
    public init() {}

    /// How many were finite.
    public var finiteCount: Int { count - nanCount - infiniteCount }
    /// The mean of the finite numbers; 0 where there was none.
    public var mean: Double { finiteCount == 0 ? 0 : sum / Double(finiteCount) }
    /// The root of the mean square of the finite numbers.
    public var rootMeanSquare: Double { finiteCount == 0 ? 0 : (squares / Double(finiteCount)).squareRoot() }
    /// The standard deviation of the finite numbers, as a population.
    public var standardDeviation: Double {
        finiteCount == 0 ? 0 : max(0, squares / Double(finiteCount) - mean * mean).squareRoot()
    }

    /// Takes numbers in.
    public mutating func add(_ numbers: Span<Float>) {
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

/// How many numbers lie in each of some ranges of equal width.
public struct Histogram: Equatable, Sendable {
    /// The lower end of the first range.
    public let lower: Float
    /// The upper end of the last range, which belongs to it.
    public let upper: Float
    /// The numbers in each range.
    public private(set) var counts: [Int]

    /// Starts with `bins` empty ranges from `lower` to `upper`, which are finite and in this order.
    public init(from lower: Float, to upper: Float, bins: Int) {
        precondition(lower <= upper && bins > 0)
        self.lower = lower
        self.upper = upper
        counts = [Int](repeating: 0, count: bins)
    }

    /// The lower end of a range.
    public func start(of bin: Int) -> Double {
        Double(lower) + (Double(upper) - Double(lower)) * Double(bin) / Double(counts.count)
    }

    /// Takes numbers in; those outside, and what is not a number, are left out.
    public mutating func add(_ numbers: Span<Float>) {
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
