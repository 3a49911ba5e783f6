import TestSupport
import Testing

@testable import Kernels
@testable import Tensors

/// Which weights become zero.
struct SparsityTests {
    @Test(arguments: ["0.3", "0.05", "0.001", "0.999", "2:4", "4:8"])
    func textsAreReadAndWritten(text: String) {
        #expect(Sparsity(text: text)?.text == text)
    }

    @Test(arguments: ["", "0", "0.", "1", "1.5", "0.0", "0.0001", "-0.3", "1:4", "2:4 ", "0.3x", ".5", "0,5"])
    func otherTextsAreNone(text: String) {
        #expect(Sparsity(text: text) == nil)
    }

    private func pruned(_ numbers: [Float], _ text: String, row: Int, roots: [Double] = []) throws -> [Float]
    {
        let sparsity = try #require(Sparsity(text: text))
        var bytes = numbers.flatMap { number in
            (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> UInt32(8 * $0)) }
        }
        var span = bytes.mutableSpan
        sparsity.prune(&span, numbers.span, rowLength: row, roots: roots.span)
        var result = [Float](repeating: .nan, count: numbers.count)
        var floats = result.mutableSpan
        F32Format.dequantize(bytes.span, into: &floats)
        return result
    }

    @Test func theLowestOfEachGroupBecomeZero() throws {
        #expect(try pruned([4, -1, 2, -3, 1, 1, 1, 1], "2:4", row: 4) == [4, 0, 0, -3, 0, 0, 1, 1])
    }

    @Test func ofEveryRowAPartBecomesZeroRoundedDown() throws {
        #expect(try pruned([3, 2, 1, 9, 8, 7], "0.5", row: 3) == [3, 2, 0, 9, 8, 0])
        #expect(try pruned([3, 2, 1, 9, 8, 7], "0.3", row: 3) == [3, 2, 1, 9, 8, 7])
    }

    @Test func whatIsNoNumberIsKeptAndLeavesTheOrderOfOthersAlone() throws {
        let result = try pruned(
            [1, .nan, 3, 2, .infinity, 1, 2, 3], "2:4", row: 8, roots: [1, 1, 1, 1, 0, 1, 1, 1])
        #expect(result[0] == 0 && result[1].isNaN && result[2] == 3 && result[3] == 0)
        #expect(result[4] == .infinity && Array(result[5...]) == [0, 0, 3])
    }

    @Test func importanceOfColumnsCounts() throws {
        #expect(try pruned([1, 2, 3, 4], "2:4", row: 4, roots: [9, 1, 1, 1]) == [1, 0, 0, 4])
    }
}
