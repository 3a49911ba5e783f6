import TestSupport
import Testing

@testable import Transfer

/// Arithmetic of ranges, against a set of single bytes.
@Suite struct ByteRangesTests {
    @Test func rangesAreASetOfBytesWhateverIsAddedAndTakenOut() {
        var random = SeededGenerator(seed: 14)
        for _ in 0..<200 {
            var ranges = ByteRanges()
            var bytes: Set<Int> = []
            for _ in 0..<40 {
                let start = Int.random(in: 0..<60, using: &random)
                let range = start..<Int.random(in: start...64, using: &random)
                if Bool.random(using: &random) {
                    ranges.insert(range)
                    bytes.formUnion(range)
                } else {
                    ranges.remove(range)
                    bytes.subtract(range)
                }
                #expect(Set(ranges.ranges.flatMap { Array($0) }) == bytes)
                #expect(ranges.count == bytes.count)
                for (left, right) in zip(ranges.ranges, ranges.ranges.dropFirst()) {
                    #expect(left.upperBound < right.lowerBound)
                }
                let position = Int.random(in: 0..<64, using: &random)
                let end = (position...64).first { !bytes.contains($0) } ?? 64
                #expect(ranges.end(from: position) == end)
                let gap = (position..<64).filter { !bytes.contains($0) }
                let first = ranges.firstGap(from: position, limit: 64)
                #expect(first?.lowerBound == gap.first)
                if let first {
                    #expect(first.upperBound == (first.lowerBound..<64).first { bytes.contains($0) } ?? 64)
                }
                let asked = position..<Int.random(in: position...64, using: &random)
                #expect(ranges.contains(asked) == asked.allSatisfy { bytes.contains($0) })
            }
        }
    }
}
