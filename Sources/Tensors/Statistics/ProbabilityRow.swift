#if canImport(Glibc)
    import Glibc
#endif

/// The logarithms of the probabilities of all tokens as llama-perplexity stores them: a scale and the least of them as
/// floats, then a number of 16 bits for each token, which counts scales above the least.
package enum ProbabilityRow {
    /// What is less than this counts as nothing, as llama-perplexity has it.
    private static let least: Float = -16
    /// How far the probabilities may be from 1 together: many that count as nothing, and rounding.
    private static let tolerance = 0.1

    /// What a row of one model and the same of another come to.
    package struct Difference: Equatable, Sendable {
        /// The Kullback-Leibler divergence of the other's probabilities from the original's, in natural units.
        package let divergence: Double
        /// What the logarithms of the next token's probabilities are, with the sign turned: original, other.
        package let original: Double, other: Double
        /// Whether both find the same token the most probable, of several the first.
        package let isSame: Bool
    }

    /// The bytes of a row: an even number of tokens.
    package static func size(_ vocabulary: Int) -> Int { 8 + (vocabulary + 1) / 2 * 4 }

    /// Compares two rows.
    /// - Parameters:
    ///   - original: a row of ``size(_:)`` bytes.
    ///   - other: another.
    ///   - token: the token that is next, one of the vocabulary.
    /// - Returns: `nil` where one of them is no row of probabilities.
    package static func difference(
        _ original: Span<UInt8>, _ other: Span<UInt8>, vocabulary: Int, next token: Int
    ) -> Difference? {
        precondition(original.count == size(vocabulary) && other.count == original.count)
        guard (0..<vocabulary).contains(token) else { return nil }
        let (scale, bottom) = (float(original, 0), float(original, 4))
        let (otherScale, otherBottom) = (float(other, 0), float(other, 4))
        for value in [scale, bottom, otherScale, otherBottom] where !value.isFinite { return nil }
        var (sum, mass, otherMass) = (0.0, 0.0, 0.0)
        var (best, otherBest) = (-1, -1)
        var (top, otherTop) = (0, 0)
        for index in 0..<vocabulary {
            let (number, otherNumber) = (count(original, index), count(other, index))
            if number > best { (best, top) = (number, index) }
            if otherNumber > otherBest { (otherBest, otherTop) = (otherNumber, index) }
            let log = scale * Float(number) + bottom
            let otherLog = otherScale * Float(otherNumber) + otherBottom
            if otherLog > least { otherMass += exp(Double(otherLog)) }
            guard log > least else { continue }
            let part = exp(Double(log))
            mass += part
            sum += part * (Double(log) - Double(otherLog))
        }
        guard abs(mass - 1) < tolerance, abs(otherMass - 1) < tolerance else { return nil }
        return Difference(
            divergence: sum, original: -Double(scale * Float(count(original, token)) + bottom),
            other: -Double(otherScale * Float(count(other, token)) + otherBottom), isSame: top == otherTop)
    }

    @inline(__always)
    private static func count(_ row: Span<UInt8>, _ index: Int) -> Int {
        Int(row[8 &+ 2 &* index]) | Int(row[9 &+ 2 &* index]) << 8
    }

    private static func float(_ row: Span<UInt8>, _ place: Int) -> Float {
        Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(row[place + $1]) << UInt32(8 * $1) })
    }
}
