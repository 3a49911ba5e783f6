import TestSupport
import Testing

@testable import Tensors

/// Sums that no order changes.
struct ExactSumTests {
    @Test func orderAndPartsChangeNothing() {
        var random = SeededGenerator(seed: 3)
        let numbers = (0..<5000).map { _ in
            Double.random(in: 0...1, using: &random)
                * Double(sign: .plus, exponent: Int.random(in: -1070...900, using: &random), significand: 1)
        }
        var whole = ExactSum()
        for number in numbers { whole.add(number) }
        for _ in 0..<5 {
            var parts = [ExactSum(), ExactSum(), ExactSum()]
            for number in numbers.shuffled(using: &random) {
                parts[Int.random(in: 0..<3, using: &random)].add(number)
            }
            parts[0].add(parts[2])
            parts[0].add(parts[1])
            #expect(parts[0].value == whole.value)
            #expect(parts[0].value.bitPattern == whole.value.bitPattern)
        }
    }

    @Test func sumsWholeNumbersExactly() {
        var random = SeededGenerator(seed: 4)
        var (sum, whole) = (ExactSum(), 0)
        for _ in 0..<1000 {
            let number = Int.random(in: 0...1 << 40, using: &random)
            whole += number
            sum.add(Double(number))
            sum.add(Double(number) * 0x1p-60)
        }
        #expect(sum.value == Double(whole) + Double(whole) * 0x1p-60)
    }

    @Test func keepsTheSmallestBesideTheLargest() {
        var sum = ExactSum()
        sum.add(0)
        #expect(sum.value == 0)
        sum.add(.leastNonzeroMagnitude)
        #expect(sum.value == .leastNonzeroMagnitude)
        sum.add(.greatestFiniteMagnitude)
        #expect(sum.value == .greatestFiniteMagnitude)
        sum.add(.greatestFiniteMagnitude)
        #expect(sum.value == .infinity)
    }

    /// A row of 1,000 has pieces of 256, 256, 256 and 232, whatever is added at a time.
    @Test func aTensorThatIsCutAtPiecesHasTheSameSum() {
        var random = SeededGenerator(seed: 5)
        let original = (0..<4000).map { _ in Float.random(in: -1...1, using: &random) }
        let other = original.map { $0 + Float.random(in: -0.1...0.1, using: &random) }
        let weights = (0..<1000).map { _ in Float.random(in: 0...3, using: &random) }
        var (whole, rows) = (ExactSum(), ExactSum())
        #expect(
            SquaredDifference.add(
                original.span, other.span, weights: weights.span, rowLength: 1000, factor: 0.7, to: &whole))
        for row in [2, 0, 3, 1] {
            let range = row * 1000..<row * 1000 + 1000
            #expect(
                SquaredDifference.add(
                    original.span.extracting(range), other.span.extracting(range), weights: weights.span,
                    rowLength: 1000, factor: 0.7, to: &rows))
        }
        #expect(rows.value.bitPattern == whole.value.bitPattern)
        let plain = zip(original, other).enumerated().reduce(0.0) { sum, pair in
            let difference = Double(pair.element.0) - Double(pair.element.1)
            return sum + difference * difference * Double(weights[pair.offset % 1000]) * 0.7
        }
        #expect(abs(whole.value - plain) < 1e-9 * plain)
    }
}
