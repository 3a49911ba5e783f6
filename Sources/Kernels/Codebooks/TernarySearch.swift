/// The search for the scale and the words of one sub-block of IQ1_S or IQ1_M after another.
///
/// An element becomes -1, 0 or 1, all of them shifted up or down by 1/8, times a scale. Without the codebook
/// the best choice is found exactly: in the order of size, the elements up to some place become -1 and those
/// from some other place on 1, so that all pairs of places are tried. Then the levels of eight elements that
/// are no word of the codebook are replaced by the near word with the smallest weighted error.
struct TernarySearch {
    /// Where the elements in the order of size are parted.
    struct Split {
        /// The first place of a 0 and that of a 1.
        var zeros: Int
        /// The first place of a 1; from there on all elements are.
        var ones: Int
        /// What an element's number is multiplied with; negative where all signs are turned round.
        var scale: Float
        /// A bit for each word whose numbers are shifted down.
        var shifts: UInt8
    }

    /// How far a word's numbers are shifted (ggml-common.h, `IQ1S_DELTA`).
    static let shift: Float = 0.125
    /// What the levels 0, 1 and 2 stand for in a word that is shifted up; the fourth only fills the vector.
    static let shiftedUp: [4 of Float] = [-1 + shift, shift, 1 + shift, 0]
    /// The same in a word that is shifted down.
    static let shiftedDown: [4 of Float] = [-1 - shift, -shift, 1 - shift, 0]

    /// The elements of the sub-block, of which there are 16 or 32.
    var values: [32 of Float] = .init(repeating: 0)
    /// How much an error in each element counts.
    var weights: [32 of Float] = .init(repeating: 0)
    /// The elements' numbers in the order of size.
    var order: [32 of UInt8] = .init(repeating: 0)

    /// What was found: the number of each word,
    private(set) var numbers: [4 of UInt16] = .init(repeating: 0)
    /// a bit for each word whose numbers are shifted down,
    private(set) var shifts: UInt8 = 0
    /// and the scale, which is not negative.
    private(set) var scale: Float = 0

    /// Takes a sub-block, and puts it in the order of size, equal ones in the order they have.
    /// - Returns: the largest magnitude.
    @inline(__always)
    mutating func load(_ elements: Span<Float>, weights newWeights: [32 of Float]) -> Float {
        weights = newWeights
        var largest = elements[0].magnitude
        for i in 0..<elements.count {
            let value = elements[i]
            values[i] = value
            largest = largest > value.magnitude ? largest : value.magnitude
        }
        // An element's place is the number of those that come before it; four places are counted at a time.
        for first in stride(from: 0, to: elements.count, by: 4) {
            let four = lanes(values, first)
            var places = SIMD4<Int32>.zero
            for other in 0..<first {
                places.replace(with: places &+ 1, where: SIMD4(repeating: values[other]) .<= four)
            }
            for other in first..<first &+ 4 {
                let isEarlier =
                    SIMD4(Int32(first), Int32(first) &+ 1, Int32(first) &+ 2, Int32(first) &+ 3)
                    .> SIMD4(repeating: Int32(other))
                let value = SIMD4(repeating: values[other])
                places.replace(
                    with: places &+ 1, where: (value .< four) .| ((value .== four) .& isEarlier))
            }
            for other in first &+ 4..<max(elements.count, first &+ 4) {
                places.replace(with: places &+ 1, where: SIMD4(repeating: values[other]) .< four)
            }
            for lane in 0..<4 {
                order[Int(places[lane] & 31)] = UInt8(truncatingIfNeeded: first &+ lane)
            }
        }
        return largest
    }

    /// Chooses the words and fits the scale to them.
    @inline(__always)
    mutating func choose(_ split: Split, count: Int, _ index: borrowing CodebookIndex) {
        var levels: [32 of UInt8] = .init(repeating: 0)
        for place in 0..<count {
            levels[Int(order[place] & 31)] = place < split.zeros ? 0 : place < split.ones ? 1 : 2
        }
        scale = split.scale
        shifts = split.shifts
        if scale < 0 {
            scale = -scale
            shifts = ~shifts
            for i in 0..<count { levels[i] = 2 &- levels[i] }
        }

        var missed = false
        var codes: [4 of Int] = .init(repeating: 0)
        for word in 0..<count / 8 {
            var code = 0
            for element in 0..<8 { code |= Int(levels[8 &* word &+ element]) &<< (2 &* element) }
            if index.numbers[code] < 0 {
                missed = true
                code = nearCode(word, code, index)
            }
            codes[word] = code
            numbers[word] = UInt16(truncatingIfNeeded: index.numbers[code])
        }
        guard missed else { return }
        var product: Float = 0
        var square: Float = 0
        for word in 0..<count / 8 {
            let shifted = shiftedLevels(word)
            for element in 0..<8 {
                let i = 8 &* word &+ element
                let level = shifted[TernaryWord.level(element, of: codes[word])]
                product += weights[i] * level * values[i]
                square += weights[i] * level * level
            }
        }
        if product > 0, square > 0 { scale = product / square }
    }

    /// What a word's levels stand for.
    @inline(__always)
    private func shiftedLevels(_ word: Int) -> [4 of Float] {
        Self.shiftedLevels(isDown: shifts &>> UInt8(word) & 1 == 1)
    }

    /// What the levels 0, 1 and 2 stand for in a word that is shifted one way or the other.
    @inline(__always)
    static func shiftedLevels(isDown: Bool) -> [4 of Float] { isDown ? shiftedDown : shiftedUp }

    /// The near word with the smallest weighted error, the first of equally good ones; the first of all where
    /// no error is finite, which the reference refuses to go on with.
    @inline(__always)
    private func nearCode(_ word: Int, _ code: Int, _ index: borrowing CodebookIndex) -> Int {
        let shifted = shiftedLevels(word)
        if Lanes.hasLookup {
            let (low, middle, high, none) = (shifted[0], shifted[1], shifted[2], Float.infinity)
            let levels =
                scale
                * Lanes(
                    low, middle, high, none, low, middle, high, none,
                    low, middle, high, none, low, middle, high, none)
            let pairs = WordPairs(
                TernaryWord.self, word, count: 32, values: values.span, weights: weights.span)
            let found = index.nearest(
                to: Int32(truncatingIfNeeded: code), pairs.costs(levels: levels), TernaryWord.self)
            return Int(found)
        }
        var costs: [32 of Float] = .init(repeating: 0)
        for element in 0..<8 {
            for level in 0..<3 {
                let difference = scale * shifted[level] - values[8 &* word &+ element]
                costs[4 &* element &+ level] = weights[8 &* word &+ element] * difference * difference
            }
        }
        let near = index.near.span
        var position = Int(index.starts[code])
        let end = position &+ Int(index.counts[code])
        var found = Int(near[position])
        var best = Float.greatestFiniteMagnitude
        while position < end {
            let candidate = Int(near[position])
            var cost = costs[candidate & 3]
            for element in 1..<8 {
                cost += costs[4 &* element &+ TernaryWord.level(element, of: candidate)]
            }
            if cost < best { (best, found) = (cost, candidate) }
            position &+= 1
        }
        return found
    }
}

/// Four neighbouring numbers.
@inline(__always)
func lanes<let count: Int>(_ numbers: [count of Float], _ start: Int) -> SIMD4<Float> {
    SIMD4(numbers[start], numbers[start &+ 1], numbers[start &+ 2], numbers[start &+ 3])
}
