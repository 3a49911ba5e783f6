import TestSupport
import Testing

@testable import Kernels
@testable import Tensors

@Suite struct CodebookTests {
    @Test func codebooksHaveTheirSizes() {
        #expect(Codebook.iq2XXS.codes.count == 256)
        #expect(Codebook.iq2XS.codes.count == 512)
        #expect(Codebook.iq2S.codes.count == 1024)
        #expect(Codebook.iq1.codes.count == 2048)
        #expect(Codebook.iq3XXS.codes.count == 256)
        #expect(Codebook.iq3S.codes.count == 512)
    }

    @Test func wordsAscendAndHaveOnlyLevelsOfTheirShape() {
        for codebook in [Codebook.iq2XXS, .iq2XS, .iq2S, .iq1] {
            expectSound(codebook, TernaryWord.self)
        }
        for codebook in [Codebook.iq3XXS, .iq3S] { expectSound(codebook, OctalWord.self) }
        // Zero sub-blocks of most types are the word of the lowest levels, which has to be the first; those
        // of the other words' type are the word of zeros.
        #expect(Codebook.iq1.codes.contains(0x5555))
    }

    private func expectSound<Shape: CodewordShape>(_ codebook: Codebook, _ shape: Shape.Type) {
        #expect(codebook.codes.first == 0)
        #expect(zip(codebook.codes, codebook.codes.dropFirst()).allSatisfy { $0 < $1 })
        #expect(
            codebook.codes.allSatisfy { code in
                (0..<Shape.length).allSatisfy { Shape.level($0, of: Int(code)) < Shape.levels }
            })
    }

    @Test func indicesHaveTheNearestWordsInTheirOrder() {
        expectNearest(.iq2XXS, .iq2XXS, TernaryWord.self, shells: 2)
        expectNearest(.iq2XS, .iq2XS, TernaryWord.self, shells: 2)
        expectNearest(.iq2S, .iq2S, TernaryWord.self, shells: 1)
        expectNearest(.iq1, .iq1, TernaryWord.self, shells: 3)
        expectNearest(.iq3XXS, .iq3XXS, OctalWord.self, shells: 2)
        expectNearest(.iq3S, .iq3S, OctalWord.self, shells: 3)
    }

    /// Compares some combinations' near words with what all distances say.
    private func expectNearest<Shape: CodewordShape>(
        _ codebook: Codebook, _ index: CodebookIndex, _ shape: Shape.Type, shells: Int
    ) {
        var missing = 0
        for code in stride(from: 0, to: Shape.codeCount, by: Shape.levelBits == 2 ? 1009 : 101) {
            let start = Int(index.starts[code])
            let near = index.near[start..<start + Int(index.counts[code])]
            let isCombination = (0..<Shape.length).allSatisfy { Shape.level($0, of: code) < Shape.levels }
            #expect(isCombination != near.isEmpty)
            if let number = codebook.codes.firstIndex(of: UInt16(code)) {
                #expect(index.numbers[code] == number && Array(near) == [UInt16(code)])
            } else {
                #expect(index.numbers[code] == -1)
            }
            guard isCombination, index.numbers[code] < 0 else { continue }
            // Sixteen are compared at a time: behind them are some that are never taken in their place.
            #expect(start % 16 == 0)
            for code in index.near[near.endIndex..<(near.endIndex + 15) / 16 * 16] {
                let isNone = (0..<Shape.length).contains { Shape.level($0, of: Int(code)) >= Shape.levels }
                #expect(isNone || code == near.last)
            }
            missing += 1
            let distances = codebook.codes.map { word in
                (0..<Shape.length).reduce(0) { sum, element in
                    let difference = Shape.level(element, of: code) - Shape.level(element, of: Int(word))
                    return sum + difference * difference
                }
            }
            let counted = Set(distances).sorted().prefix(shells)
            let expected = counted.flatMap { distance in
                zip(codebook.codes, distances).filter { $0.1 == distance }.map { $0.0 }
            }
            #expect(Array(near) == expected)
        }
        #expect(missing > 0)
    }

    /// The rule by which seven signs tell the eighth.
    @Test func signsHaveAnEvenNumberOfNegatives() {
        for seven in UInt8(0)..<128 {
            let signs = withEvenSigns(seven)
            #expect(signs & 127 == seven && signs.nonzeroBitCount.isMultiple(of: 2))
        }
    }
}
