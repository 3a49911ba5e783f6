/// The search for the scale and the words of one sub-block after another.
///
/// For every trial scale each element is rounded to its nearest level. Where these levels are no word of the
/// codebook, the near word with the smallest weighted error is taken. The best trial scale is the one whose
/// words leave the smallest weighted error when the scale is fitted to them; the fitted scale is kept, and
/// with it words are chosen once more.
///
/// Sixteen trial scales are looked at together, one in each lane. They do not depend on one another, and each
/// sum still runs over the elements in their order, so the result is that of one after the other. Near words are
/// compared sixteen at a time where a processor can look up what they cost, and for four trial scales at a time
/// where it cannot.
struct SubBlockSearch<Format: SignedCodebookFormat>: ~Copyable {
    private typealias Shape = Format.Shape

    /// The magnitudes, with the smallest one negative where the signs had to be made even.
    private var values: [32 of Float] = .init(repeating: 0)
    private var weights: [32 of Float] = .init(repeating: 0)
    /// Square roots of the weights, which weigh the choice of a near word.
    private var roots: [32 of Float] = .init(repeating: 0)

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
        _ elements: Span<Float>, importance: Span<Float>, meanSquare: Float,
        index: borrowing CodebookIndex
    ) -> Bool {
        weigh(elements, importance: importance, meanSquare: meanSquare)
        let largest = splitSigns(elements)
        // A comparison that is false for NaN, like ggml's.
        if largest < Format.rules.smallest { return false }
        guard
            let first = Format.firstScale(
                largest: largest, values: values.span, weights: weights.span)
        else {
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
        // Copied once, and not at each use while something here changes.
        let own = (values: self.values, weights: self.weights, roots: self.roots)
        let (values, weights, roots) = (own.values.span, own.weights.span, own.roots.span)
        let highest = Float(2 * Shape.levels - 1)
        scale = first.scale
        var best: Float = 0
        var missed: UInt32 = rules.refinement == .allIfAnyMissed ? .max : 0
        for word in 0..<Self.wordCount { codes[word] = 0 }

        var trialRounded: [8 of [16 of Int32]] = .init(repeating: .init(repeating: 0))
        var trialCodes = trialRounded
        var trialLevels: [16 of Lanes] = .init(repeating: Lanes())
        for trial in stride(
            from: rules.trials.lowerBound, through: rules.trials.upperBound, by: Lanes.count)
        {
            // Lanes past the last trial are not looked at.
            let count = min(Lanes.count, rules.trials.upperBound &+ 1 &- trial)
            let steps = Lanes(LaneBits.numbers &+ LaneBits(repeating: Int32(truncatingIfNeeded: trial)))
            let inverse = (highest + steps * rules.step) / first.extent
            let scales = (1 / inverse).array
            let scale = scales.span
            if Lanes.hasLookup {
                for lane in 0..<count { trialLevels[lane] = scale[lane] * Shape.oddNumbers }
            }
            var products = Lanes()
            var squares = Lanes()
            for word in 0..<Self.wordCount {
                trialRounded[word] = Self.roundedCodes(word, of: values, inverse: inverse).array
                if Lanes.hasLookup {
                    // Also for words of the codebook, whose list are themselves: a branch costs more.
                    let pairs = Self.pairs(word, values, roots)
                    for lane in 0..<count {
                        trialCodes[word][lane] = index.nearest(
                            to: trialRounded[word][lane], pairs.costs(levels: trialLevels[lane]), Shape.self)
                    }
                } else {
                    trialCodes[word] = Self.nearCodes(
                        word, values, roots, trialRounded[word], count: count, scales: scales, index
                    )
                }
                let found = LaneBits(trialCodes[word])
                for element in 0..<Shape.length {
                    let odd = Self.oddNumbers(found, element)
                    let i = word &* Shape.length &+ element
                    products += weights[i] * values[i] * odd
                    squares += weights[i] * odd * odd
                }
            }
            let sums = (products: products.array, squares: squares.array)
            let (product, square) = (sums.products.span, sums.squares.span)
            var chosen = -1
            for lane in 0..<count
            where square[lane] > 0 && product[lane] * product[lane] > best * square[lane] {
                self.scale = product[lane] / square[lane]
                best = self.scale * product[lane]
                chosen = lane
            }
            guard chosen >= 0 else { continue }
            missed = 0
            for word in 0..<Self.wordCount {
                codes[word] = trialCodes[word][chosen]
                if index.numbers[Int(trialRounded[word][chosen])] < 0 { missed |= 1 &<< UInt32(word) }
            }
        }
        return missed
    }

    /// Chooses words again with the scale that was found, and fits the scale to them.
    @inline(__always)
    private mutating func refine(missed: UInt32, _ index: borrowing CodebookIndex) {
        let refinement = Format.rules.refinement
        guard missed != 0 || refinement == .all, scale > 0 else { return }
        let own = (values: self.values, weights: self.weights, roots: self.roots)
        let (values, weights, roots) = (own.values.span, own.weights.span, own.roots.span)
        let scales = Lanes(repeating: scale)
        let inverse = 1 / scales
        for word in 0..<Self.wordCount where refinement != .missed || missed >> UInt32(word) & 1 == 1 {
            let rounded = Self.roundedCodes(word, of: values, inverse: inverse)
            if Lanes.hasLookup {
                let pairs = Self.pairs(word, values, roots)
                codes[word] = index.nearest(
                    to: rounded[0], pairs.costs(levels: scales * Shape.oddNumbers), Shape.self)
            } else {
                codes[word] =
                    Self.nearCodes(
                        word, values, roots, rounded.array, count: 1, scales: scales.array, index)[
                        0]
            }
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
    private static func roundedCodes(_ word: Int, of values: Span<Float>, inverse: Lanes) -> LaneBits {
        var codes = LaneBits()
        for element in 0..<Shape.length {
            let multiple = inverse * values[word &* Shape.length &+ element]
            let level = (0.5 * (multiple - 1)).nearestBits(to: Float(Shape.levels - 1))
            codes = codes | level &<< (element &* Shape.levelBits)
        }
        return codes
    }

    /// The pairs of a word's elements and levels.
    @inline(__always)
    private static func pairs(_ word: Int, _ values: Span<Float>, _ roots: Span<Float>) -> WordPairs {
        WordPairs(Shape.self, word, count: Format.rules.subBlock, values: values, weights: roots)
    }

    /// The near word with the smallest weighted error, for each of the first lanes; the first of equally good
    /// ones, and the word itself where there is one.
    ///
    /// Where no error is finite, which the reference refuses to go on with, that is the first word.
    /// - Parameter count: how many lanes there are; others keep their codes.
    @inline(__always)
    private static func nearCodes(
        _ word: Int, _ values: Span<Float>, _ roots: Span<Float>, _ codes: [16 of Int32], count: Int,
        scales: [16 of Float], _ index: borrowing CodebookIndex
    ) -> [16 of Int32] {
        var missing: UInt32 = 0
        for lane in 0..<count where index.numbers[Int(codes[lane])] < 0 {
            missing |= 1 &<< UInt32(lane)
        }
        var new = codes
        for lane in stride(from: 0, to: Lanes.count, by: 4) where missing >> UInt32(lane) & 15 != 0 {
            let four = nearCodes(
                word, values, roots,
                SIMD4(codes[lane], codes[lane &+ 1], codes[lane &+ 2], codes[lane &+ 3]),
                missing: missing >> UInt32(lane) & 15,
                scales: SIMD4(scales[lane], scales[lane &+ 1], scales[lane &+ 2], scales[lane &+ 3]), index)
            for i in 0..<4 { new[lane &+ i] = four[i] }
        }
        return new
    }

    /// The same for four lanes.
    @inline(__always)
    private static func nearCodes(
        _ word: Int, _ values: Span<Float>, _ roots: Span<Float>, _ codes: SIMD4<Int32>,
        missing: UInt32,
        scales: SIMD4<Float>, _ index: borrowing CodebookIndex
    ) -> SIMD4<Int32> {
        var costs: [32 of SIMD4<Float>] = .init(repeating: .zero)
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
            let end = position &+ Int(index.counts[Int(code)])
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
    private static func oddNumbers(_ codes: LaneBits, _ element: Int) -> Lanes {
        let levels = (codes &>> (element &* Shape.levelBits)) & Int32(Shape.levelMask)
        return Lanes(levels &+ levels &+ LaneBits(repeating: 1))
    }
}
