import Conversion
import Fitting
import Formats
import TestSupport
import Testing

/// The best of every size, and the weights of roles that were measured.
struct ChoiceFrontTests {
    private static func problem(_ seed: UInt64) -> ChoiceProblem {
        var random = SeededGenerator(seed: seed)
        let items = (0..<12).map { _ in
            (0..<6).map { _ in
                ChoiceProblem.Option(
                    size: Int.random(in: 1...100, using: &random),
                    cost: Int.random(in: 0...1000, using: &random))
            }
        }
        return ChoiceProblem(items: items, capacity: 0)
    }

    @Test(arguments: 0..<20) func noChoiceBeatsThePoints(_ seed: Int) throws {
        let problem = Self.problem(UInt64(seed))
        let points = problem.front(1000)
        #expect(points.count > 2)
        for point in points {
            let best = try ChoiceProblem(items: problem.items, capacity: point.size).solve()
            #expect(best.cost == point.cost && best.gap == 0)
        }
        let few = problem.front(5)
        #expect(few.count <= 7 && few.first == points.first && few.last == points.last)
    }

    @Test func measuredWeightsAreTheDivergenceForAnError() throws {
        func measured(_ role: String, _ error: Double, _ divergence: Double) -> Calibration.Measurement {
            Calibration.Measurement(
                role: role, type: "Q4_0", error: error, divergence: divergence, usual: RoleWeights.denominator
            )
        }
        let found = try #require(
            Calibration([measured("ffn_up", 0.1, 0.03), measured("attn_k", 0.1, 0.01)], together: 0.05))
        #expect(found.weight(of: .feedForwardUp) == 1536 && found.weight(of: .attentionKey) == 512)
        #expect(found.weight(of: .output) == nil && abs(found.predicted - 0.04) < 1e-12)
        #expect(Calibration(record: found.record) == found)
        #expect(Calibration([measured("ffn_up", 0.1, 0)], together: 0) == nil)
        #expect(Calibration([measured("ffn_up", 0.1, -0.1)], together: 0) == nil)
        // What a role does not change at all weighs the least there is.
        let one = try #require(
            Calibration([measured("ffn_up", 0.1, 0.03), measured("attn_k", 0.1, -1e-9)], together: 0.03))
        #expect(one.weight(of: .attentionKey) == 1)
        for record in ["{}", #"{"roles":{},"together":1}"#, #"{"roles":{"a":{"weight":0}},"together":1}"#] {
            #expect(Calibration(record: try JSON.parse(Array(record.utf8).span)) == nil)
        }
    }
}
