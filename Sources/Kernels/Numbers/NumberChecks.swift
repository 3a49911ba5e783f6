import BlockTypes

/// The kernels that look at numbers.
enum NumberChecks: NumberKernels {
    /// How many are asked without a branch before it is known whether one of them is it: that is many at a time.
    private static let part = 1024

    static func firstMagnitude(in numbers: Span<Float>, from limit: UInt32, below end: UInt32) -> Int? {
        // Both differences have their highest bit for what is looked for, and only then: comparing would be a mask each.
        let (last, end) = (limit &- 1, min(end, 0x8000_0000))
        func word(_ number: Float) -> UInt32 {
            let bits = number.magnitudeBits
            return (last &- bits) & (bits &- end)
        }
        for start in stride(from: 0, to: numbers.count, by: part) {
            let some = numbers.extracting(start..<min(numbers.count, start &+ part))
            var found: UInt32 = 0
            for index in 0..<some.count { found |= word(some[index]) }
            if found >> 31 != 0 {
                return some.indices.first { word(some[$0]) >> 31 != 0 }.map { start &+ $0 }
            }
        }
        return nil
    }

    static func add(_ original: Span<Float>, _ other: Span<Float>, to sums: inout DifferenceSums) {
        precondition(original.count == other.count)
        for start in stride(from: 0, to: original.count, by: part) {
            let range = start..<min(original.count, start &+ part)
            addPart(original.extracting(range), other.extracting(range), &sums)
        }
    }

    @inline(__always)
    private static func addPart(
        _ original: Span<Float>, _ other: Span<Float>, _ sums: inout DifferenceSums
    ) {
        var notFinite: UInt32 = 0
        var zeros: (UInt32, UInt32) = (0, 0)
        var largest: UInt32 = 0
        // What no order changes comes first.
        for index in original.indices {
            let (first, second) = (original[index], other[index])
            notFinite |= first.magnitudeBits >= 0x7F80_0000 ? 1 : 0
            notFinite |= second.magnitudeBits >= 0x7F80_0000 ? 1 : 0
            zeros.0 &+= first == 0 ? 1 : 0
            zeros.1 &+= second == 0 ? 1 : 0
            // Without their sign, floats order as their bits do.
            let bits = Float(Double(first) - Double(second)).magnitudeBits
            largest = bits > largest ? bits : largest
        }
        guard notFinite == 0 else { return addFinite(original, other, &sums) }
        sums.originalZeroCount &+= Int(zeros.0)
        sums.otherZeroCount &+= Int(zeros.1)
        sums.largest = max(sums.largest, Float(bitPattern: largest))
        var (errors, originals) = (sums.errors, sums.originals)
        var (others, products) = (sums.others, sums.products)
        for index in original.indices {
            let (first, second) = (Double(original[index]), Double(other[index]))
            let difference = first - second
            errors += difference * difference
            originals += first * first
            others += second * second
            products += first * second
        }
        (sums.errors, sums.originals) = (errors, originals)
        (sums.others, sums.products) = (others, products)
    }

    /// The same of pairs of which some are no numbers.
    @inline(never)
    private static func addFinite(
        _ original: Span<Float>, _ other: Span<Float>, _ sums: inout DifferenceSums
    ) {
        for index in original.indices {
            let (first, second) = (original[index], other[index])
            guard first.isFinite, second.isFinite else {
                sums.notFiniteCount &+= 1
                continue
            }
            if first == 0 { sums.originalZeroCount &+= 1 }
            if second == 0 { sums.otherZeroCount &+= 1 }
            let difference = Double(first) - Double(second)
            sums.largest = max(sums.largest, Float(difference.magnitude))
            sums.errors += difference * difference
            sums.originals += Double(first) * Double(first)
            sums.others += Double(second) * Double(second)
            sums.products += Double(first) * Double(second)
        }
    }

    static func sumOfSquares(_ original: Span<Float>, _ other: Span<Float>, weights: Span<Float>) -> Double {
        let count = original.count
        precondition(other.count == count && (weights.isEmpty || weights.count == count))
        func term(_ index: Int) -> Double {
            let difference = Double(original[index]) - Double(other[index])
            return difference * difference
        }
        guard weights.isEmpty else {
            var sum = 0.0
            for index in 0..<count { sum += term(index) * Double(max(0, weights[index])) }
            return sum
        }
        var (first, second, third, fourth) = (0.0, 0.0, 0.0, 0.0)
        var index = 0
        while index &+ 4 <= count {
            first += term(index)
            second += term(index &+ 1)
            third += term(index &+ 2)
            fourth += term(index &+ 3)
            index &+= 4
        }
        while index < count {
            first += term(index)
            index &+= 1
        }
        return (first + second) + (third + fourth)
    }
}

extension Float {
    /// The bits without the sign.
    @inline(__always)
    fileprivate var magnitudeBits: UInt32 { bitPattern & 0x7FFF_FFFF }
}
