/// Which word of a codebook a combination of levels is, and which words are near to one that is not one.
///
/// Near are the words with the smallest distances, the sum of the squared differences of the levels; how many
/// distances count (the shells around a combination) differs by codebook. The words of a combination are
/// ordered by distance and then by number, because the first of equally good ones is taken.
struct CodebookIndex: Sendable {
    /// The word's number by code; -1 for combinations that are none, and for codes that are no combination.
    let numbers: [Int16]
    /// Where each code's near words begin in ``near``.
    let starts: [Int32]
    /// How many each code has: only itself if it is that of a word; none if it is no combination.
    let counts: [UInt16]
    /// Codes of near words, for one combination after the other, each filled up to a multiple of sixteen: with codes
    /// that are no combination where there are such, otherwise with the last again.
    let near: [UInt16]

    /// Two words' halves are compared by a table, and all words that share a half are passed over at once if
    /// that half alone is too far.
    init<Shape: CodewordShape>(_ codebook: Codebook, _ shape: Shape.Type, shells: Int) {
        let codes = codebook.codes
        let count = Shape.codeCount
        let halfBits = Shape.length / 2 * Shape.levelBits
        let half = 1 << halfBits
        let distances = Self.halfDistances(shape)

        var numbers = [Int16](repeating: -1, count: count)
        for (number, code) in codes.enumerated() { numbers[Int(code)] = Int16(truncatingIfNeeded: number) }
        /// Runs of words with the same upper half.
        var runs: [Range<Int>] = []
        for number in codes.indices {
            if let last = runs.last, codes[last.lowerBound] >> halfBits == codes[number] >> halfBits {
                runs[runs.count - 1] = last.lowerBound..<number + 1
            } else {
                runs.append(number..<number + 1)
            }
        }

        var starts = [Int32](repeating: 0, count: count)
        var counts = [UInt16](repeating: 0, count: count)
        var near: [UInt16] = []
        var candidates: [(distance: Int, code: UInt16)] = []
        for code in 0..<count {
            guard Self.isCombination(code, shape) else { continue }
            starts[code] = Int32(truncatingIfNeeded: near.count)
            defer {
                counts[code] = UInt16(truncatingIfNeeded: near.count - Int(starts[code]))
                let last = Shape.levels > Shape.levelMask ? near[near.count - 1] : .max
                while near.count % Lanes.count != 0 { near.append(last) }
            }
            guard numbers[code] < 0 else {
                near.append(UInt16(truncatingIfNeeded: code))
                continue
            }
            let lowRow = (code & (half - 1)) * half
            let highRow = (code >> halfBits) * half
            // A bit for every distance seen. No codebook leaves a combination without words nearer than 64.
            var seen: UInt64 = 0
            var limit = 63
            candidates.removeAll(keepingCapacity: true)
            for run in runs {
                let base = Int(distances[highRow + (Int(codes[run.lowerBound]) >> halfBits)])
                guard base <= limit else { continue }
                for number in run {
                    let distance = base + Int(distances[lowRow + (Int(codes[number]) & (half - 1))])
                    guard distance <= limit else { continue }
                    candidates.append((distance, codes[number]))
                    let bit = UInt64(1) << UInt64(distance)
                    guard seen & bit == 0 else { continue }
                    seen |= bit
                    if seen.nonzeroBitCount > shells { seen &= ~(1 << UInt64(63 - seen.leadingZeroBitCount)) }
                    if seen.nonzeroBitCount == shells { limit = 63 - seen.leadingZeroBitCount }
                }
            }
            while seen != 0 {
                let distance = seen.trailingZeroBitCount
                for candidate in candidates where candidate.distance == distance {
                    near.append(candidate.code)
                }
                seen &= seen - 1
            }
        }
        self.numbers = numbers
        self.starts = starts
        self.counts = counts
        self.near = near
    }

    /// The distances of all halves of codes from one another, a row for each.
    private static func halfDistances<Shape: CodewordShape>(_ shape: Shape.Type) -> [UInt8] {
        let half = 1 << (Shape.length / 2 * Shape.levelBits)
        var distances = [UInt8](repeating: 0, count: half * half)
        for first in 0..<half {
            for second in 0..<half {
                var sum = 0
                for element in 0..<Shape.length / 2 {
                    let difference = Shape.level(element, of: first) - Shape.level(element, of: second)
                    sum += difference * difference
                }
                distances[first * half + second] = UInt8(truncatingIfNeeded: sum)
            }
        }
        return distances
    }

    /// Whether every element of a code has one of the levels.
    private static func isCombination<Shape: CodewordShape>(_ code: Int, _ shape: Shape.Type) -> Bool {
        (0..<Shape.length).allSatisfy { Shape.level($0, of: code) < Shape.levels }
    }
}

extension CodebookIndex {
    /// The index of IQ2_XXS. The numbers of shells here and below are ggml's, `nwant` in iq2xs_init_impl and
    /// iq3xs_init_impl (ggml-quants.c).
    static let iq2XXS = CodebookIndex(.iq2XXS, TernaryWord.self, shells: 2)
    /// The index of IQ2_XS.
    static let iq2XS = CodebookIndex(.iq2XS, TernaryWord.self, shells: 2)
    /// The index of IQ2_S.
    static let iq2S = CodebookIndex(.iq2S, TernaryWord.self, shells: 1)
    /// The index of IQ1_S and IQ1_M.
    static let iq1 = CodebookIndex(.iq1, TernaryWord.self, shells: 3)
    /// The index of IQ3_XXS.
    static let iq3XXS = CodebookIndex(.iq3XXS, OctalWord.self, shells: 2)
    /// The index of IQ3_S.
    static let iq3S = CodebookIndex(.iq3S, OctalWord.self, shells: 3)
}
