import Tensors
import Testing

@Suite struct ProbabilityRowTests {
    /// A row in which one token has a probability and all others share the rest.
    private static func row(_ vocabulary: Int, top: Int, _ scale: Float, _ bottom: Float) -> [UInt8] {
        var bytes = [scale, bottom].flatMap { value in
            (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
        }
        for index in 0..<(vocabulary + 1) / 2 * 2 { bytes += index == top ? [0xFF, 0xFF] : [0, 0] }
        return bytes
    }

    private static func difference(_ first: [UInt8], _ second: [UInt8], next: Int = 0) -> ProbabilityRow
        .Difference?
    {
        ProbabilityRow.difference(first.span, second.span, vocabulary: 5, next: next)
    }

    /// ln(1/5), and ln(1/2) against ln(1/8) for the others.
    private static let even = row(5, top: 9, 0, -1.609_437_9)
    private static let top = row(5, top: 3, 1.386_294_4 / 65535, -2.079_441_5)

    @Test func computesTheDivergence() throws {
        let found = try #require(Self.difference(Self.even, Self.top, next: 3))
        // 4/5 ln((1/5)/(1/8)) + 1/5 ln((1/5)/(1/2))
        #expect(abs(found.divergence - 0.192_744_8) < 1e-6)
        #expect(abs(found.original - 1.609_437_9) < 1e-6 && abs(found.other - 0.693_147_2) < 1e-6)
        #expect(found.isSame == false)
        let same = try #require(Self.difference(Self.top, Self.top))
        #expect(same.divergence == 0 && same.isSame)
    }

    @Test func refusesWhatIsNoProbability() {
        for scale in [Float.nan, .infinity, -.infinity, 1e30, -1] {
            #expect(Self.difference(Self.row(5, top: 3, scale, -2), Self.even) == nil)
            #expect(Self.difference(Self.even, Self.row(5, top: 3, scale, -2)) == nil)
        }
        for bottom in [Float.nan, 0, -40, .infinity] {
            #expect(Self.difference(Self.row(5, top: 3, 0, bottom), Self.even) == nil)
        }
        #expect(Self.difference(Self.even, Self.even, next: 5) == nil)
        #expect(Self.difference(Self.even, Self.even, next: -1) == nil)
    }
}
