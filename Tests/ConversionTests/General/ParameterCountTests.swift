import Testing

@testable import Conversion
@testable import Formats
@testable import Tensors

@Suite struct ParameterCountTests {
    private func count(_ tensors: [(String, [Int])]) -> ParameterCount {
        ParameterCount(tensors.map { TensorDescription(name: $0.0, dimensions: $0.1, type: .f32) })
    }

    @Test func writesNumbersAsTheReference() throws {
        let labels = try #require(try generalFixture("counts.json")["labels"]?.array)
        #expect(labels.count == 76)
        for label in labels {
            let parts = try #require(label.array)
            let number = try #require(parts[0].integer)
            #expect(ParameterCount.label(number) == parts[1].string, "\(number)")
        }
    }

    @Test func countsAsTheReference() throws {
        let rows = try #require(try generalFixture("counts.json")["counts"]?.array)
        for row in rows {
            let tensors = try #require(row["tensors"]?.array).map { tensor in
                let parts = try #require(tensor.array)
                let shape = try #require(parts[1].array).compactMap(\.integer)
                return (try #require(parts[0].string), Array(shape.reversed()))
            }
            let result = count(tensors)
            let numbers = [result.total, result.shared, result.expert, result.expertCount]
            #expect(row["count"]?.array?.map(\.integer) == numbers, "\(tensors)")
            #expect(row["label"]?.string == result.sizeLabel, "\(tensors)")
        }
    }

    @Test func saturatesWhereAFileClaimsTooMuch() {
        let huge = count([("a.weight", [.max, .max]), ("blk.0.ffn_up_exps.weight", [.max, 2, 3])])
        #expect(huge.total == .max)
        #expect(huge.expertCount == 3)
        #expect(huge.sizeLabel == "3x9223372T")
        let adapter = count([("a.lora_a", [.max, 2]), ("a.lora_b", [2, .max])])
        #expect(adapter.total == -.max)
    }

    @Test(arguments: [[], [0], [-1, 5], [4, 0, 0], [4, 4, 0]] as [[Int]])
    func countsTensorsOfNoElements(_ dimensions: [Int]) {
        let result = count([("blk.0.ffn_up_exps.weight", dimensions)])
        #expect(result.total == (dimensions.isEmpty ? 1 : 0))
        #expect(result.expertCount == 0)
        #expect(count([("a.lora_a", dimensions), ("a.lora_b", dimensions)]).total <= 0)
    }
}
