import Testing

@testable import Formats
@testable import Manifests

/// What `gguf = "fit"` and `prune` ask for, as manifest and lock have it.
struct FitRequestTests {
    private func request(_ members: [JSON.Member]) -> ConversionRequest? {
        let json = JSON.object(members)
        return ConversionRequest(
            from: "m", value: { json[$0]?.string }, list: { json[$0]?.strings })
    }

    @Test(arguments: [
        [:], ["weight": "3"], ["max-size": "4200000000"], ["bits": "4.25", "floor": "none"],
        ["bits": "4", "floor": "Q4_K"],
        ["fit-memory": "t4x2", "context": "512", "speed": "cpu", "fused": "true"],
    ])
    func whatALockHasIsReadBack(keys: [String: String]) throws {
        let members = ([("gguf", "fit")] + keys.map { ($0.key, $0.value) }).map {
            JSON.Member($0.0, .string($0.1))
        }
        let parsed = try #require(request(members))
        #expect(request(parsed.parameters) == parsed)
        #expect(parsed.parameters.map(\.key) == (["gguf"] + keys.keys).sorted())
    }

    @Test(arguments: [
        ["weight": "0"], ["weight": "101"], ["bits": "4", "max-size": "5"], ["bits": "0"], ["bits": "x"],
        ["max-size": "0"],
        ["fit-memory": "t5"], ["bits": "4", "floor": "IQ9"],
    ])
    func aFitWithMoreThanOneBudgetIsNone(keys: [String: String]) {
        #expect(
            request([JSON.Member("gguf", "fit")] + keys.map { JSON.Member($0.key, .string($0.value)) }) == nil
        )
    }

    @Test func bitsAreThousandths() {
        let known = [("4.25", 4250), ("0.001", 1), ("64", 64_000), ("7.5", 7500)]
        for (text, number) in known {
            #expect(FitBudget.millibits(of: text) == number)
            #expect(FitBudget.bits(number) == text)
        }
        for text in ["", ".", "4.", ".5", "4.1234", "64.001", "0", "-4", "4,5", "4.2.5", "１"] {
            #expect(FitBudget.millibits(of: text) == nil, "\(text)")
        }
    }

    @Test func aPruningIsReadBack() throws {
        let members = [
            JSON.Member("dtype", "f16"), JSON.Member("imatrix", "i.gguf"), JSON.Member("prune", "2:4"),
            JSON.Member("prune-tensors", ["lm_head.weight"]),
        ]
        let parsed = try #require(request(members))
        #expect(parsed.parameters == members)
        #expect(parsed.text == "m pruned 2:4 as f16, imatrix i.gguf, also lm_head.weight")
        #expect(request([JSON.Member("prune", "3:4")]) == nil)
    }
}
