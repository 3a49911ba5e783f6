/// The search for the scale and the words of one sub-block after another.
///
/// For every trial scale each element is rounded to its nearest level. Where these levels are no word of the
/// codebook, the near word with the smallest weighted error is taken. The best trial scale is the one whose
/// words leave the smallest weighted error when the scale is fitted to them; the fitted scale is kept, and
/// with it words are chosen once more.
///
/// Four trial scales are looked at together, one in each lane. They do not depend on one another, and each
/// sum still runs over the elements in their order, so the result is that of one after the other.
struct SubBlockSearch<Format: SignedCodebookFormat> {
    private typealias Shape = Format.Shape

    /// The magnitudes, with the smallest one negative where the signs had to be made even.
    private var values: [32 of Float] = .init(repeating: 0)
    private var weights: [32 of Float] = .init(repeating: 0)
    /// Square roots of the weights, which weigh the choice of a near word.
    private var roots: [32 of Float] = .init(repeating: 0)
    /// Each trial scale's weighted error for every level of every element of a word.
    private var costs: [32 of SIMD4<Float>] = .init(repeating: .zero)

    /// What was found: a bit for each negative element,
    private(set) var signs: [4 of UInt8] = .init(repeating: 0)
    /// the code of each word,
    private(set) var codes: [8 of Int32] = .init(repeating: 0)
    /// and the scale, which is not negative.
    private(set) var scale: Float = 0

    private static var wordCount: Int { Format.rules.subBlock / Shape.length }

    /// Takes a sub-block and finds its words.
    /// - Returns: `false` if it is to be zero, for which there are no words.
    @inline(__always)
    mutating func search(
        _ elements: Span<Float>, importance: Span<Float>, meanSquare: Float, index: borrowing CodebookIndex
    ) -> Bool {
        weigh(elements, importance: importance, meanSquare: meanSquare)
        let largest = splitSigns(elements)
        // A comparison that is false for NaN, like ggml's.
        if largest < Format.rules.smallest { return false }
        guard let first = Format.firstScale(largest: largest, values: values, weights: weights) else {
            return false
        }
        let missed = tryScales(first, index)
        refine(missed: missed, index)
        if scale < 0 {
            scale = -scale
            for byte in 0..<Format.rules.subBlock / 8 {
                signs[byte] = Format.rules.evenSigns ? ~signs[byte] & 127 : ~signs[byte]
            }
        }
        return true
    }

    @inline(__always)
    private mutating func weigh(_ elements: Span<Float>, importance: Span<Float>, meanSquare: Float) {
        let count = Format.rules.subBlock
        if !importance.isEmpty {
            for i in 0..<count {
                weights[i] = importance[i] * (meanSquare + elements[i] * elements[i]).squareRoot()
            }
        } else {
            switch Format.rules.weighting {
            case .evenImportance:
                for i in 0..<count { weights[i] = (meanSquare + elements[i] * elements[i]).squareRoot() }
            case .square:
                for i in 0..<count { weights[i] = elements[i] * elements[i] }
            case .squareAndQuarterOfMean:
                for i in 0..<count { weights[i] = 0.25 * meanSquare + elements[i] * elements[i] }
            }
        }
        for i in 0..<count { roots[i] = weights[i].squareRoot() }
    }

    /// Takes signs and magnitudes apart. Where the number of negatives has to be even and is not, the element
    /// that weighs least gets the other sign.
    /// - Returns: the largest of the values.
    @inline(__always)
    private mutating func splitSigns(_ elements: Span<Float>) -> Float {
        for byte in 0..<Format.rules.subBlock / 8 {
            var negative: UInt8 = 0
            for i in 0..<8 {
                let element = elements[byte &* 8 &+ i]
                let isNegative = !(element >= 0)
                values[byte &* 8 &+ i] = isNegative ? -element : element
                negative |= isNegative ? 1 &<< UInt8(i) : 0
            }
            if Format.rules.evenSigns {
                if !negative.nonzeroBitCount.isMultiple(of: 2) {
                    var smallest = 0
                    var smallestCost = Float.nan
                    for i in 0..<8 {
                        let element = elements[byte &* 8 &+ i]
                        let cost = weights[byte &* 8 &+ i] * element * element
                        if i == 0 || cost < smallestCost { (smallest, smallestCost) = (i, cost) }
                    }
                    values[byte &* 8 &+ smallest] = -values[byte &* 8 &+ smallest]
                    negative ^= 1 &<< UInt8(smallest)
                }
                negative &= 127
            }
            signs[byte] = negative
        }
        var largest = values[0]
        for i in 1..<Format.rules.subBlock { largest = largest > values[i] ? largest : values[i] }
        return largest
    }

    /// Finds the best of the trial scales, its words and the scale fitted to them.
    /// - Returns: a bit for each word that was not in the codebook before a near one was taken.
    @inline(__always)
    private mutating func tryScales(
        _ first: (extent: Float, scale: Float), _ index: borrowing CodebookIndex
    ) -> UInt32 {
        let rules = Format.rules
        let highest = Float(2 * Shape.levels - 1)
        scale = first.scale
        var best: Float = 0
        var missed: UInt32 = rules.refinement == .allIfAnyMissed ? .max : 0
        for word in 0..<Self.wordCount { codes[word] = 0 }

        var trialCodes: [8 of SIMD4<Int32>] = .init(repeating: .zero)
        var trial = rules.trials.lowerBound
        while trial <= rules.trials.upperBound {
            let last = min(3, rules.trials.upperBound &- trial)
            // Lanes past the last trial repeat it, so that they have nothing of their own to look for.
            let steps = SIMD4<Float>(
                Float(trial), Float(trial &+ min(1, last)), Float(trial &+ min(2, last)),
                Float(trial &+ last))
            let inverse = (highest + steps * rules.step) / first.extent
            let scales = 1 / inverse
            var products = SIMD4<Float>.zero
            var squares = SIMD4<Float>.zero
            var trialMissed = SIMD4<UInt32>.zero
            for word in 0..<Self.wordCount {
                let rounded = roundedCodes(word, inverse: inverse)
                var missing: UInt32 = 0
                for lane in 0..<4 where index.numbers[Int(rounded[lane])] < 0 {
                    missing |= 1 &<< UInt32(lane)
                    trialMissed[lane] |= 1 &<< UInt32(word)
                }
                let found =
                    missing == 0 ? rounded : nearCodes(word, rounded, missing: missing, scales: scales, index)
                trialCodes[word] = found
                for element in 0..<Shape.length {
                    let odd = Self.oddNumbers(found, element)
                    let i = word &* Shape.length &+ element
                    products += weights[i] * values[i] * odd
                    squares += weights[i] * odd * odd
                }
            }
            var chosen = -1
            for lane in 0...last
            where squares[lane] > 0 && products[lane] * products[lane] > best * squares[lane] {
                scale = products[lane] / squares[lane]
                best = scale * products[lane]
                chosen = lane
            }
            if chosen >= 0 {
                for word in 0..<Self.wordCount { codes[word] = trialCodes[word][chosen] }
                missed = trialMissed[chosen]
            }
            trial &+= 4
        }
        return missed
    }

    /// Chooses words again with the scale that was found, and fits the scale to them.
    @inline(__always)
    private mutating func refine(missed: UInt32, _ index: borrowing CodebookIndex) {
        let refinement = Format.rules.refinement
        guard missed != 0 || refinement == .all, scale > 0 else { return }
        let scales = SIMD4<Float>(repeating: scale)
        let inverse = 1 / scales
        for word in 0..<Self.wordCount where refinement != .missed || missed >> UInt32(word) & 1 == 1 {
            let rounded = roundedCodes(word, inverse: inverse)
            let isMissing = index.numbers[Int(rounded[0])] < 0
            codes[word] =
                isMissing ? nearCodes(word, rounded, missing: 15, scales: scales, index)[0] : rounded[0]
        }
        var product: Float = 0
        var square: Float = 0
        for word in 0..<Self.wordCount {
            for element in 0..<Shape.length {
                let odd = Float(2 &* Shape.level(element, of: Int(codes[word])) &+ 1)
                let i = word &* Shape.length &+ element
                product += weights[i] * values[i] * odd
                square += weights[i] * odd * odd
            }
        }
        if square > 0 { scale = product / square }
    }

    /// The codes of a word's elements, each rounded to the nearest level.
    @inline(__always)
    private func roundedCodes(_ word: Int, inverse: SIMD4<Float>) -> SIMD4<Int32> {
        let highest = SIMD4(repeating: Int32(truncatingIfNeeded: Shape.levels &- 1))
        var codes = SIMD4<Int32>.zero
        for element in 0..<Shape.length {
            let multiple = inverse * values[word &* Shape.length &+ element]
            let level = nearestInteger(0.5 * (multiple - 1)).clamped(lowerBound: .zero, upperBound: highest)
            codes |= level &<< SIMD4(repeating: Int32(truncatingIfNeeded: element &* Shape.levelBits))
        }
        return codes
    }

    /// The near word with the smallest weighted error, for each lane of `missing`; the first of equally good
    /// ones.
    ///
    /// Where no error is finite, which the reference refuses to go on with, that is the first word.
    @inline(__always)
    private mutating func nearCodes(
        _ word: Int, _ codes: SIMD4<Int32>, missing: UInt32, scales: SIMD4<Float>,
        _ index: borrowing CodebookIndex
    ) -> SIMD4<Int32> {
        for element in 0..<Shape.length {
            let value = values[word &* Shape.length &+ element]
            let root = roots[word &* Shape.length &+ element]
            for level in 0..<Shape.levels {
                let difference = scales * Float(2 &* level &+ 1) - value
                costs[element &<< Shape.levelBits | level] = root * difference * difference
            }
        }
        let near = index.near.span
        var found = codes
        var left = missing
        while left != 0 {
            let code = codes[left.trailingZeroBitCount]
            var best = SIMD4<Float>(repeating: .greatestFiniteMagnitude)
            var position = Int(index.starts[Int(code)])
            let end = Int(index.starts[Int(code) &+ 1])
            var bestCodes = SIMD4(repeating: Int32(near[position]))
            while position < end {
                let candidate = Int(near[position])
                var cost = costs[candidate & Shape.levelMask]
                for element in 1..<Shape.length {
                    cost += costs[element &<< Shape.levelBits | Shape.level(element, of: candidate)]
                }
                let better = cost .< best
                best.replace(with: cost, where: better)
                bestCodes.replace(with: Int32(truncatingIfNeeded: candidate), where: better)
                position &+= 1
            }
            let same = codes .== code
            found.replace(with: bestCodes, where: same)
            for lane in 0..<4 where same[lane] { left &= ~(1 &<< UInt32(lane)) }
        }
        return found
    }

    /// What the levels of an element stand for.
    @inline(__always)
    private static func oddNumbers(_ codes: SIMD4<Int32>, _ element: Int) -> SIMD4<Float> {
        let shift = SIMD4(repeating: Int32(truncatingIfNeeded: element &* Shape.levelBits))
        let levels = (codes &>> shift) & SIMD4(repeating: Int32(truncatingIfNeeded: Shape.levelMask))
        return SIMD4<Float>(levels &+ levels &+ 1)
    }
}
