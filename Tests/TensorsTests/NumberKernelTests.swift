import TestSupport
import Testing

@testable import Tensors

/// What is found out about numbers is the same on every level of processors, and what one number after the other gives.
@Suite struct NumberKernelTests {
    /// Ordinary numbers, zeros, denormals, and some that are infinite or none.
    private static func numbers(_ count: Int, seed: UInt64, withOthers: Bool) -> [Float] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            let bits = random.next()
            switch bits >> 58 {
            case 0: return bits & 1 == 0 ? 0 : -0.0
            case 1: return Float(bitPattern: UInt32(truncatingIfNeeded: bits) & 0x807F_FFFF)
            case 2 where withOthers: return Float(bitPattern: UInt32(truncatingIfNeeded: bits) | 0x7F80_0000)
            default: return Float(Int32(truncatingIfNeeded: bits)) / 0x4000_0000
            }
        }
    }

    private static func sums(_ original: [Float], _ other: [Float]) -> DifferenceSums {
        var sums = DifferenceSums()
        for (first, second) in zip(original, other) {
            guard first.isFinite, second.isFinite else {
                sums.notFiniteCount += 1
                continue
            }
            if first == 0 { sums.originalZeroCount += 1 }
            if second == 0 { sums.otherZeroCount += 1 }
            let difference = Double(first) - Double(second)
            sums.largest = max(sums.largest, Float(abs(difference)))
            sums.errors += difference * difference
            sums.originals += Double(first) * Double(first)
            sums.others += Double(second) * Double(second)
            sums.products += Double(first) * Double(second)
        }
        return sums
    }

    @Test(arguments: ProcessorLevel.ofThisMachine, [false, true])
    func sumsDifferencesInTheirOrder(_ level: ProcessorLevel, _ withOthers: Bool) {
        for count in [0, 1, 15, 1023, 1024, 1025, 5000] {
            let original = Self.numbers(count, seed: 7, withOthers: withOthers)
            let other = Self.numbers(count, seed: 8, withOthers: false)
            var found = DifferenceSums()
            level.kernels.numbers.add(original.span, other.span, to: &found)
            // Equal sums of 64 bits are equal in every bit: none is a zero with a sign, or no number.
            #expect(found == Self.sums(original, other), "\(count) numbers")
        }
    }

    @Test(arguments: ProcessorLevel.ofThisMachine)
    func sumsSquaresInFourSums(_ level: ProcessorLevel) {
        for count in [0, 1, 3, 4, 255, 256] {
            let original = Self.numbers(count, seed: 9, withOthers: false)
            let other = Self.numbers(count, seed: 10, withOthers: false)
            let weights = Self.numbers(count, seed: 11, withOthers: false)
            let squares = zip(original, other).map { first, second in
                (Double(first) - Double(second)) * (Double(first) - Double(second))
            }
            var four = [0.0, 0.0, 0.0, 0.0]
            for index in squares.indices { four[index < count / 4 * 4 ? index % 4 : 0] += squares[index] }
            let numbers = level.kernels.numbers
            #expect(
                numbers.sumOfSquares(original.span, other.span, weights: Span())
                    == (four[0] + four[1]) + (four[2] + four[3]))
            let weighted = zip(squares, weights).reduce(0.0) { $0 + $1.0 * Double(max(0, $1.1)) }
            #expect(numbers.sumOfSquares(original.span, other.span, weights: weights.span) == weighted)
        }
    }

    @Test(arguments: ProcessorLevel.ofThisMachine)
    func findsTheFirstNumberOfASize(_ level: ProcessorLevel) {
        let numbers = level.kernels.numbers
        var floats = [Float](repeating: 1, count: 3000)
        let (limit, end): (UInt32, UInt32) = (0x477F_F000, 0x7F80_0000)
        #expect(numbers.firstMagnitude(in: floats.span, from: limit, below: end) == nil)
        floats[2500] = -65520
        floats[2900] = 65520
        floats[100] = .infinity
        floats[101] = -.nan
        floats[102] = 65519.996
        #expect(numbers.firstMagnitude(in: floats.span, from: limit, below: end) == 2500)
        #expect(numbers.firstMagnitude(in: floats.span, from: end, below: .max) == 100)
        floats[100] = 0
        #expect(numbers.firstMagnitude(in: floats.span, from: end, below: .max) == 101)
    }

    /// The first block of random bytes that has no number is the same, for each type and from each place on.
    @Test(arguments: GGMLType.allCases)
    func findsTheSameInvalidBlocks(_ type: GGMLType) {
        var random = SeededGenerator(seed: UInt64(type.rawValue))
        let size = type.blockSize
        let blocks = (0..<64 * size).map { _ in UInt8.random(in: 0...255, using: &random) }
        for start in 0..<64 {
            let rest = blocks.span.extracting(start * size..<64 * size)
            let found = ProcessorLevel.ofThisMachine.map {
                $0.kernels.numbers.firstInvalidBlock(of: type, in: rest)
            }
            #expect(Set(found).count == 1)
        }
    }
}
